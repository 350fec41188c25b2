//! A provisioning job small enough to read: the requests of one cycle, in Entra's order.
//!
//! Probe; every user: link or look up, create or change; every group likewise, without its
//! members; then the references: managers, then members. The writes it had to make are
//! counted, since a cycle over an unchanged source must make none.

use serde_json::Value;

use super::people::{Person, Team};
use super::wire::Dialect;
use crate::check::Outcome;
use crate::exchange::Exchange;
use crate::json::{self, ENTERPRISE};
use crate::target::{Kind, PatchOp, Request, Target, equals, path_of};
use crate::verdict::{Findings, Step, Stop, shown};

/// A job with its source.
pub(super) struct Job<'t> {
    pub(super) target: &'t Target,
    pub(super) dialect: Dialect,
    pub(super) people: Vec<Person>,
    pub(super) teams: Vec<Team>,
}

/// The writes of one cycle, in order.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Each with the reason for it.
    pub(super) made: Vec<(String, Exchange)>,
}

impl<'t> Job<'t> {
    pub(super) fn new(target: &'t Target, dialect: Dialect) -> Self {
        Self {
            target,
            dialect,
            people: Vec::new(),
            teams: Vec::new(),
        }
    }

    /// Four people with managers, and two groups: what the life cycles begin with.
    pub(super) fn small_company(target: &'t Target, dialect: Dialect) -> Self {
        let mut job = Self::new(target, dialect);
        job.people = vec![
            Person::new(target, "Ana", "Adams"),
            Person::new(target, "Bo", "Baker"),
            Person::new(target, "Chloé", "O'Connor"),
            Person::new(target, "Dai", "Davies"),
        ];
        job.people[1].manager = Some(0);
        job.people[2].manager = Some(0);
        job.people[3].manager = Some(1);
        if target.discovered().groups {
            job.teams = vec![Team::new(target, &[0, 1, 2]), Team::new(target, &[1, 3])];
        }
        job
    }

    /// One cycle.
    pub(super) async fn cycle(&mut self) -> Result<Writes, Stop> {
        let mut writes = Writes::default();
        self.probe().await?;
        for at in 0..self.people.len() {
            self.user(at, &mut writes)
                .await
                .during(format_args!("user {}", self.people[at].user_name))?;
        }
        for at in 0..self.teams.len() {
            self.group(at, &mut writes)
                .await
                .during(format_args!("group {}", self.teams[at].name))?;
        }
        for at in 0..self.people.len() {
            self.manager(at, &mut writes)
                .await
                .during(format_args!("manager of {}", self.people[at].user_name))?;
        }
        for at in 0..self.teams.len() {
            self.members(at, &mut writes)
                .await
                .during(format_args!("members of {}", self.teams[at].name))?;
        }
        Ok(writes)
    }

    /// The connection test: nobody has a random name.
    pub(super) async fn probe(&self) -> Outcome {
        let probe = async {
            let filter = equals("userName", &self.target.unknown_id());
            let exchange = self.target.find(Kind::User, &filter).await?;
            exchange.list()?.expect_none()?;
            if self.target.discovered().groups {
                let filter = equals("displayName", &self.target.unknown_id());
                let exchange = self.find_group(&filter).await?;
                exchange.list()?.expect_none()?;
            }
            Ok(())
        };
        probe.await.during("connection test")
    }

    async fn user(&mut self, at: usize, writes: &mut Writes) -> Outcome {
        let person = &self.people[at];
        let found = self
            .linked_or_found(Kind::User, person.id.as_deref(), &person.user_name)
            .await?;
        let (id, now) = match found {
            Some(found) => found,
            None => {
                self.create(Kind::User, person.body(), &person.user_name, writes)
                    .await?
            }
        };
        let differences = person.differences(&now);
        self.people[at].id = Some(id.clone());
        self.change(Kind::User, &id, &differences, writes).await
    }

    async fn group(&mut self, at: usize, writes: &mut Writes) -> Outcome {
        let team = &self.teams[at];
        let found = self
            .linked_or_found(Kind::Group, team.id.as_deref(), &team.name)
            .await?;
        let (id, now) = match found {
            Some(found) => found,
            None => self.create(Kind::Group, team.body(), &team.name, writes).await?,
        };
        let differences = team.differences(&now);
        self.teams[at].id = Some(id.clone());
        self.change(Kind::Group, &id, &differences, writes).await
    }

    /// The resource behind the link, or the one of the name, or none.
    async fn linked_or_found(&self, kind: Kind, id: Option<&str>, name: &str) -> Result<Option<(String, Value)>, Stop> {
        if let Some(id) = id {
            let mut request = Request::get(path_of(kind, id));
            if kind == Kind::Group {
                request = request.parameter("excludedAttributes", "members");
            }
            let exchange = self.target.send(request).await?;
            let value = exchange.expect_status(&[200])?.resource()?.value;
            return Ok(Some((id.to_owned(), value)));
        }
        let exchange = self.look_up(kind, name).await?;
        let page = exchange.list()?;
        if page.total == 0 {
            return Ok(None);
        }
        let found = page.first()?;
        let id = found.id().to_owned();
        page.expect_only(&id)?;
        Ok(Some((id, found.value)))
    }

    async fn look_up(&self, kind: Kind, name: &str) -> Result<Exchange, Stop> {
        let filter = equals(kind.naming_attribute(), name);
        match kind {
            Kind::User => self.target.find(kind, &filter).await,
            Kind::Group => self.find_group(&filter).await,
        }
    }

    async fn find_group(&self, filter: &str) -> Result<Exchange, Stop> {
        self.target
            .send(
                Request::query(Kind::Group)
                    .parameter("excludedAttributes", "members")
                    .filter(filter),
            )
            .await
    }

    /// Creates, and looks again: the new one must be found at once.
    async fn create(&self, kind: Kind, body: Value, name: &str, writes: &mut Writes) -> Result<(String, Value), Stop> {
        let exchange = self.target.create(kind, body).await?;
        let made = exchange.expect_status(&[200, 201])?.resource()?;
        let (id, value) = (made.id().to_owned(), made.value);
        writes.made.push((format!("made {name}"), exchange));
        let again = self.look_up(kind, name).await?;
        again.list()?.expect_only(&id).during("looked up after the create")?;
        Ok((id, value))
    }

    async fn change(&self, kind: Kind, id: &str, differences: &[(String, Value)], writes: &mut Writes) -> Outcome {
        if differences.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = differences.iter().map(|(path, _)| path.as_str()).collect();
        self.patch(kind, id, &self.dialect.set(differences), names.join(", "), writes)
            .await
    }

    /// Sends one PATCH that has to be taken.
    pub(super) async fn patch(
        &self,
        kind: Kind,
        id: &str,
        operations: &[PatchOp],
        why: String,
        writes: &mut Writes,
    ) -> Outcome {
        let request = Request::patch(path_of(kind, id), PatchOp::message(operations));
        let exchange = self.target.send(request).await?;
        exchange.expect_patched()?;
        writes.made.push((why, exchange));
        Ok(())
    }

    /// The reference check of a manager, and the PATCH if it finds another.
    async fn manager(&self, at: usize, writes: &mut Writes) -> Outcome {
        let person = &self.people[at];
        let (Some(manager), Some(id)) = (person.manager, &person.id) else {
            return Ok(());
        };
        let Some(manager_id) = &self.people[manager].id else {
            return Ok(());
        };
        let filter = format!("{} and {}", equals("id", id), equals("manager", manager_id));
        let exchange = self.target.find(Kind::User, &filter).await?;
        let page = exchange.list()?;
        if page.total > 0 {
            page.expect_only(id)?;
            return Ok(());
        }
        let now = self.target.send(Request::get(path_of(Kind::User, id))).await?;
        let had = json::present(&now.json()?, &[ENTERPRISE, "manager"]).is_some();
        self.patch(
            Kind::User,
            id,
            &[self.dialect.manager(manager_id, had)],
            format!("manager of {}", person.user_name),
            writes,
        )
        .await
    }

    /// The reference checks of the members, one PATCH for those missing, one a leaver.
    async fn members(&mut self, at: usize, writes: &mut Writes) -> Outcome {
        let team = &self.teams[at];
        let Some(group) = team.id.clone() else {
            return Ok(());
        };
        let ids =
            |who: &[usize]| -> Vec<String> { who.iter().filter_map(|who| self.people[*who].id.clone()).collect() };
        let (members, leavers) = (ids(&team.members), ids(&team.leavers));
        let mut missing = Vec::new();
        for member in &members {
            let filter = format!("{} and {}", equals("id", &group), equals("members", member));
            let exchange = self.find_group(&filter).await?;
            if exchange.list()?.total == 0 {
                missing.push(member.as_str());
            }
        }
        if !missing.is_empty() {
            let operation = self.dialect.add_members(&missing);
            let why = format!("{} members of {}", missing.len(), team.name);
            self.patch(Kind::Group, &group, &[operation], why, writes).await?;
        }
        for leaver in &leavers {
            let operation = self.dialect.remove_member(leaver);
            let why = format!("a leaver of {}", team.name);
            self.patch(Kind::Group, &group, &[operation], why, writes).await?;
        }
        self.teams[at].leavers.clear();
        Ok(())
    }

    /// The target now holds exactly what the source says, read resource by resource.
    pub(super) async fn verify(&self) -> Outcome {
        let mut all = Findings::default();
        for person in &self.people {
            all.take(self.verify_person(person).await.during(&person.user_name));
        }
        for team in &self.teams {
            let verified = async {
                let exchange = self.read(Kind::Group, team.id.as_deref()).await?;
                let read = exchange.resource()?;
                read.expect(&["displayName"], &team.name.as_str().into())?;
                let members: Vec<&str> = team
                    .members
                    .iter()
                    .filter_map(|who| self.people[*who].id.as_deref())
                    .collect();
                read.expect_members(&members)?;
                Ok(())
            };
            all.take(verified.await.during(&team.name));
        }
        all.end()
    }

    async fn verify_person(&self, person: &Person) -> Outcome {
        let exchange = self.read(Kind::User, person.id.as_deref()).await?;
        let value = exchange.resource()?.value;
        let mut all = Findings::default();
        for (path, wanted) in person.differences(&value) {
            all.take::<()>(Err(Stop::differs(
                &exchange,
                format!("{path} is not what was written"),
                shown(Some(&wanted)),
                shown(super::people::value_at(&value, &path)),
            )));
        }
        if let Some(manager) = person.manager.and_then(|manager| self.people[manager].id.as_deref()) {
            let found = json::get(&value, &[ENTERPRISE, "manager", "value"]);
            if found.and_then(Value::as_str) != Some(manager) {
                all.take::<()>(Err(Stop::differs(
                    &exchange,
                    "the manager is not what was written",
                    format!(r#"{{"value":"{manager}"}} below {ENTERPRISE}"#),
                    shown(json::get(&value, &[ENTERPRISE, "manager"])),
                )));
            }
        }
        all.end()
    }

    async fn read(&self, kind: Kind, id: Option<&str>) -> Result<Exchange, Stop> {
        let path = path_of(kind, id.unwrap_or("not-linked"));
        let exchange = self.target.send(Request::get(path)).await?;
        exchange.expect_status(&[200])?;
        Ok(exchange)
    }
}
