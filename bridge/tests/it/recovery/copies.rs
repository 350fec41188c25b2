//! `scim-bridge backup` and `restore`.

use std::path::Path;

use bridge::store::{Snapshot, StoreError, read_beside};

use super::held;
use crate::program::{run, stderr, stdout};
use crate::support::Scene;

fn newest(store: &Snapshot<'_>) -> Result<i64, StoreError> {
    store.newest_of_all()
}

fn command(folder: &Path, name: &str, file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let (config, file) = (folder.join("bridge.toml"), file.display().to_string());
    let config = config.display().to_string();
    let output = run(&[&[name, &file, "--config", &config], more].concat());
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[tokio::test]
async fn a_copy_made_beside_a_running_bridge_takes_its_place_and_is_held() {
    let scene = Scene::start().await;
    scene.user("ana@contoso.test").await;
    let copy = scene.folder.path().join("copy.db");
    let (code, said) = command(scene.folder.path(), "backup", &copy, &[]);
    assert_eq!((code, said.contains("revision 1")), (Some(0), true), "{said}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    scene.user("ben@contoso.test").await;

    let (code, said) = command(scene.folder.path(), "restore", &copy, &[]);
    assert_eq!(
        (code, said.contains("in use by another bridge")),
        (Some(2), true),
        "{said}"
    );
    let folder = scene.stop().await;
    assert_eq!(held(folder.path()), (None, None));
    let (code, said) = command(folder.path(), "restore", &copy, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("revision 1") && said.contains("resume --after-restore"),
        "{said}"
    );
    assert_eq!(held(folder.path()), (Some("after-restore".to_owned()), Some(1)));

    // What stood there is kept, and holds what the copy does not.
    let mut files = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().path());
    let kept = files.find(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("bridge.db.before-restore-") && name.ends_with('Z')
    });
    let kept = read_beside(&kept.unwrap(), newest).unwrap();
    assert_eq!(kept, 2);

    let config = folder.path().join("bridge.toml");
    let scene = Scene::start_with(folder, &config).await;
    let users = scene.get("/Users").await;
    assert_eq!(
        (users.status, &users.body["totalResults"]),
        (200, &1.into()),
        "{}",
        users.text
    );
    assert_eq!(held(scene.folder.path()), (Some("after-restore".to_owned()), Some(1)));
}

#[tokio::test]
async fn a_copy_is_never_half_a_file_and_replaces_nothing_unasked() {
    let scene = Scene::start().await;
    let folder = scene.folder.path();
    let copy = folder.join("copy.db");
    std::fs::write(&copy, "precious").unwrap();
    let (code, said) = command(folder, "backup", &copy, &[]);
    assert_eq!((code, said.contains("--force")), (Some(2), true), "{said}");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "precious");
    let (code, said) = command(folder, "backup", &copy, &["--force"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = command(folder, "backup", &folder.join("nowhere/copy.db"), &[]);
    assert_eq!((code, said.contains("nowhere/copy.db")), (Some(2), true), "{said}");
    let left = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains(".part")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_is_no_whole_copy_is_refused_and_the_store_is_left_as_it_is() {
    let scene = Scene::start().await;
    scene.user("ana@contoso.test").await;
    let folder = scene.stop().await;
    let (whole, broken) = (folder.path().join("whole.db"), folder.path().join("broken.db"));
    assert_eq!(command(folder.path(), "backup", &whole, &[]).0, Some(0));
    let before = std::fs::read(folder.path().join("bridge.db")).unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    let mut damaged = bytes.clone();
    damaged[4096 * 3..4096 * 6].fill(0x5a);
    let mut newer = bytes.clone();
    // The header's user version, where the version of the schema is kept.
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    for (name, content, part) in [
        ("cut", bytes[..bytes.len() / 2].to_vec(), "damaged"),
        ("damaged", damaged, "damaged"),
        ("newer", newer, "use a newer bridge"),
        (
            "foreign",
            b"SQLite format 4, or something else".to_vec(),
            "not a database",
        ),
        ("empty", Vec::new(), "no copy of a store"),
    ] {
        std::fs::write(&broken, content).unwrap();
        let (code, said) = command(folder.path(), "restore", &broken, &[]);
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains("broken.db") && said.contains(part), "{name}: {said}");
        assert_eq!(
            std::fs::read(folder.path().join("bridge.db")).unwrap(),
            before,
            "{name}"
        );
    }
    let (code, said) = command(folder.path(), "restore", &folder.path().join("none.db"), &[]);
    assert_eq!((code, said.contains("none.db")), (Some(2), true), "{said}");
}
