//! Places that cannot be written to, or are not what they seem.

use crate::command::Place;

#[test]
fn a_file_where_the_folder_has_to_be() {
    let place = Place::new();
    place.write("pay", "a file");
    let before = place.everything();
    place
        .run(&["Payment", "PaymentRequested", "--out", "pay"])
        .refused(2, "OG022");
    place
        .run(&["Payment", "PaymentRequested", "--out", "pay/deep"])
        .refused(2, "OG050");
    assert_eq!(place.everything(), before);
}

#[test]
fn commands_about_what_was_generated_leave_other_packages_alone() {
    let place = Place::new();
    place.write("Cargo.toml", "[package]\nname = \"theirs\"\n");
    place.write("src/lib.rs", "");
    let before = place.everything();
    for command in ["apply", "check", "plan"] {
        place.run(&[command]).refused(2, "OG021");
        place.run_in("src", &[command]).refused(2, "OG021");
    }
    assert_eq!(place.everything(), before);
    place
        .run(&["Payment", "PaymentRequested", "--out", "pay"])
        .done();
}

#[test]
fn a_folder_with_other_files_is_fine_until_they_collide() {
    let place = Place::new();
    place.write("pay/notes.txt", "mine");
    place
        .run(&["Payment", "PaymentRequested", "--out", "pay"])
        .done();
    assert_eq!(place.read("pay/notes.txt"), "mine");
    place.write("other/src/lib.rs", "mine");
    let before = place.everything();
    place
        .run(&["Payment", "PaymentRequested", "--out", "other"])
        .refused(1, "OG022");
    assert_eq!(place.everything(), before);
}

#[test]
fn a_module_of_the_users_is_not_doubled() {
    let place = Place::with_package();
    place.write("pay/src/audit.rs", "//! Mine.\n");
    let before = place.everything();
    place
        .run(&["Audit", "AuditRequested", "--out", "pay"])
        .refused(2, "OG022");
    assert_eq!(place.everything(), before);
}

#[test]
fn folders_on_the_way_are_made() {
    let place = Place::new();
    place
        .run(&["Payment", "PaymentRequested", "--out", "a/b/c/pay"])
        .done();
    place.run(&["check", "--out", "a/b/c/pay"]).done();
    assert!(
        place
            .read("a/b/c/pay/Cargo.toml")
            .contains("name = \"pay\"")
    );
}

#[test]
fn a_spec_that_is_a_folder_or_no_text() {
    let place = Place::with_package();
    std::fs::write(place.path("pay/orch.toml"), [0xff, 0xfe, 0x00]).unwrap();
    place.run(&["apply", "--out", "pay"]).refused(2, "OG050");
    std::fs::remove_file(place.path("pay/orch.toml")).unwrap();
    std::fs::create_dir(place.path("pay/orch.toml")).unwrap();
    place.run(&["apply", "--out", "pay"]).refused(2, "OG022");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_package_is_not_followed() {
    let place = Place::with_package();
    std::fs::remove_dir_all(place.path("pay/src")).unwrap();
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(place.path("elsewhere"), place.path("pay/src")).unwrap();
    place.run(&["apply", "--out", "pay"]).refused(2, "OG054");
    assert!(
        std::fs::read_dir(place.path("elsewhere"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[cfg(unix)]
#[test]
fn a_linked_file_is_not_replaced() {
    let place = Place::with_package();
    let text = place.read("pay/src/lib.rs");
    place.write("elsewhere.rs", &text);
    std::fs::remove_file(place.path("pay/src/lib.rs")).unwrap();
    std::os::unix::fs::symlink(place.path("elsewhere.rs"), place.path("pay/src/lib.rs")).unwrap();
    place.run(&["apply", "--out", "pay"]).refused(2, "OG022");
}

/// A folder that a normal user may not write to. Root may write anywhere, so as root the test runs
/// the program as nobody.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let folder = place.path("locked");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    std::fs::set_permissions(place.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = as_nobody(&place, "locked", &["Payment", "PaymentRequested"]);
    let ran = ran.refused(2, "OG050");
    assert!(
        ran.err.contains("permission denied") && ran.err.contains("locked"),
        "{}",
        ran.err
    );
    assert!(std::fs::read_dir(&folder).unwrap().next().is_none());
}

#[cfg(target_os = "linux")]
#[test]
fn an_unreadable_spec_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_package();
    std::fs::set_permissions(place.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(
        place.path("pay/orch.toml"),
        std::fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    let ran = as_nobody(&place, "pay", &["check"]).refused(2, "OG050");
    assert!(ran.err.contains("orch.toml"), "{}", ran.err);
}

/// Runs the program without the rights of root. A copy is run: nobody may not be able to enter the
/// folder of the build.
#[cfg(target_os = "linux")]
fn as_nobody(place: &Place, folder: &str, arguments: &[&str]) -> crate::command::Ran {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let copy = place.path("orch-gen-copy");
    std::fs::copy(crate::command::PROGRAM, &copy).unwrap();
    let mut command = std::process::Command::new(copy);
    command.args(arguments).current_dir(place.path(folder));
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    crate::command::ran(command)
}

/// A full disk, as a file system of a few pages that is mounted for the test. Mounting needs root;
/// without it the same is tested with injected errors beside the code.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing() {
    let place = Place::new();
    std::fs::create_dir(place.path("small")).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(place.path("small"))
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        return;
    }
    let ran = place.run_in("small", &["Payment", "PaymentRequested"]);
    let left = std::fs::read_dir(place.path("small")).unwrap().count();
    let unmounted = std::process::Command::new("umount")
        .arg(place.path("small"))
        .status()
        .unwrap();
    assert!(unmounted.success());
    let ran = ran.refused(2, "OG050");
    assert!(ran.err.contains("free some space"), "{}", ran.err);
    assert_eq!(left, 0);
}

#[test]
fn a_member_of_a_workspace_is_found_by_name() {
    let place = Place::new();
    place.write("Cargo.toml", "[workspace]\nmembers = [\"services/*\"]\n");
    place
        .run(&["Payment", "PaymentRequested", "--out", "services/pay"])
        .done();
    assert!(
        !place
            .read("services/pay/Cargo.toml")
            .contains("[workspace]")
    );
    place
        .run(&["Payment", "RefundRequested", "-p", "pay"])
        .done();
    assert!(
        place
            .read("services/pay/orch.toml")
            .contains("RefundRequested")
    );
    let ran = place
        .run(&["Payment", "RefundRequested", "-p", "pya"])
        .refused(2, "OG020");
    assert!(ran.err.contains("did you mean `pay`?"), "{}", ran.err);
    place
        .run(&["Payment", "PaymentRequested", "--out", "elsewhere/pay2"])
        .done();
    assert!(place.read("Cargo.toml").contains("\"elsewhere/pay2\""));
}
