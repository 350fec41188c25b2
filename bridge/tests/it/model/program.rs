//! The steps of a program. Users and groups are named by the order in which they were made; one that
//! was never made, or is gone, is as good as an unknown id.

use proptest::prelude::*;

/// Which of Entra's dialects a change is written in.
#[derive(Debug, Clone, Copy)]
pub enum Dialect {
    Legacy,
    Compliant,
    PathLess,
}

/// One request.
#[derive(Debug, Clone)]
pub enum Step {
    User(UserStep),
    Group(GroupStep),
}

/// One request about users.
#[derive(Debug, Clone)]
pub enum UserStep {
    Create {
        name: u8,
        upper: bool,
        title: Option<u8>,
        active: Option<bool>,
        manager: Option<usize>,
    },
    Replace {
        user: usize,
        name: u8,
        title: Option<u8>,
    },
    Title {
        user: usize,
        title: Option<u8>,
        dialect: Dialect,
    },
    Active {
        user: usize,
        active: bool,
        dialect: Dialect,
    },
    Rename {
        user: usize,
        name: u8,
        upper: bool,
        dialect: Dialect,
    },
    Manager {
        user: usize,
        manager: Option<usize>,
        dialect: Dialect,
    },
    /// Two good operations and a bad one: nothing happens.
    Broken {
        user: usize,
    },
    Delete {
        user: usize,
    },
}

/// One request about groups.
#[derive(Debug, Clone)]
pub enum GroupStep {
    Create {
        name: u8,
        members: Vec<usize>,
    },
    Add {
        group: usize,
        members: Vec<usize>,
        dialect: Dialect,
    },
    Remove {
        group: usize,
        members: Vec<usize>,
        dialect: Dialect,
    },
    Replace {
        group: usize,
        members: Vec<usize>,
    },
    Clear {
        group: usize,
    },
    Rename {
        group: usize,
        name: u8,
    },
    Delete {
        group: usize,
    },
}

fn dialect() -> impl Strategy<Value = Dialect> {
    prop_oneof![Just(Dialect::Legacy), Just(Dialect::Compliant), Just(Dialect::PathLess)]
}

/// Few names, so that they meet.
fn name() -> impl Strategy<Value = u8> {
    0_u8..7
}

fn user() -> impl Strategy<Value = usize> {
    0_usize..7
}

fn group() -> impl Strategy<Value = usize> {
    0_usize..3
}

fn members() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(user(), 0..4)
}

fn user_step() -> impl Strategy<Value = UserStep> {
    use UserStep::{Active, Broken, Create, Delete, Manager, Rename, Replace, Title};
    let title = || prop::option::of(0_u8..4);
    prop_oneof![
        6 => (name(), any::<bool>(), title(), prop::option::of(any::<bool>()), prop::option::weighted(0.3, user()))
            .prop_map(|(name, upper, title, active, manager)| Create { name, upper, title, active, manager }),
        2 => (user(), name(), title()).prop_map(|(user, name, title)| Replace { user, name, title }),
        2 => (user(), title(), dialect()).prop_map(|(user, title, dialect)| Title { user, title, dialect }),
        2 => (user(), any::<bool>(), dialect()).prop_map(|(user, active, dialect)| Active { user, active, dialect }),
        2 => (user(), name(), any::<bool>(), dialect())
            .prop_map(|(user, name, upper, dialect)| Rename { user, name, upper, dialect }),
        2 => (user(), prop::option::of(user()), dialect())
            .prop_map(|(user, manager, dialect)| Manager { user, manager, dialect }),
        1 => user().prop_map(|user| Broken { user }),
        2 => user().prop_map(|user| Delete { user }),
    ]
}

fn group_step() -> impl Strategy<Value = GroupStep> {
    use GroupStep::{Add, Clear, Create, Delete, Remove, Rename, Replace};
    prop_oneof![
        3 => (name(), members()).prop_map(|(name, members)| Create { name, members }),
        3 => (group(), members(), dialect()).prop_map(|(group, members, dialect)| Add { group, members, dialect }),
        3 => (group(), members(), dialect()).prop_map(|(group, members, dialect)| Remove { group, members, dialect }),
        1 => (group(), members()).prop_map(|(group, members)| Replace { group, members }),
        1 => group().prop_map(|group| Clear { group }),
        1 => (group(), name()).prop_map(|(group, name)| Rename { group, name }),
        1 => group().prop_map(|group| Delete { group }),
    ]
}

/// Four people and a group to begin with, then up to sixty steps.
pub fn any_program() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => user_step().prop_map(Step::User),
        2 => group_step().prop_map(Step::Group),
    ];
    let begin = (0..4)
        .map(|name| {
            Step::User(UserStep::Create {
                name,
                upper: false,
                title: None,
                active: None,
                manager: None,
            })
        })
        .chain([Step::Group(GroupStep::Create {
            name: 0,
            members: vec![0, 1],
        })]);
    let begin: Vec<Step> = begin.collect();
    prop::collection::vec(step, 1..60).prop_map(move |steps| [begin.clone(), steps].concat())
}
