//! Linting of what is staged, and of what a branch changes.

use crate::command::{Place, ran};
use crate::repository::{BAD, GOOD, Repository};
use std::process::Command;

const STAGED: &[&str] = &["--staged"];
const PAY: [&str; 1] = ["src/pay.rs"];

/// The fix lies on the disk, and the commit would not have it.
#[test]
fn a_fix_that_is_not_staged_does_not_help() {
    let repository = Repository::new();
    repository.stage("src/pay.rs", BAD);
    repository.write("src/pay.rs", GOOD);
    assert_eq!(repository.found(STAGED), PAY);
    assert!(repository.found(&[]).is_empty());
}

/// What is being tried out on the disk is no part of the commit.
#[test]
fn a_fault_that_is_not_staged_does_not_hurt() {
    let repository = Repository::new();
    repository.stage("src/pay.rs", &format!("// Pays.\n{GOOD}"));
    repository.write("src/pay.rs", BAD);
    assert!(repository.found(STAGED).is_empty());
    assert_eq!(repository.found(&[]), PAY);
}

/// Somebody else's fault must not keep a commit from being made.
#[test]
fn what_was_there_before_is_not_said_of_other_files() {
    let repository = Repository::new();
    repository.stage("src/fee.rs", BAD);
    repository.git(&["commit", "-qm", "bad"]);
    repository.stage("src/pay.rs", BAD);
    assert_eq!(repository.found(STAGED), PAY);
    assert_eq!(repository.found(&[]).len(), 2);
    repository.git(&["commit", "-qm", "worse"]);
    assert!(repository.found(STAGED).is_empty());
}

/// A change of one file can break a rule in another, which nobody touched.
#[test]
fn what_a_change_leads_to_elsewhere_is_said() {
    let repository = Repository::new();
    let lib = "//! Shop.\nmod fee;\n/// Pays.\npub struct Pay;\n";
    repository.stage("src/lib.rs", lib);
    repository.stage("src/pay.rs", BAD);
    repository.git(&["commit", "-qm", "a file that no module names"]);
    assert!(repository.found(&[]).is_empty());
    repository.stage("src/lib.rs", &format!("{lib}mod pay;\n"));
    assert_eq!(repository.found(STAGED), PAY);
}

#[test]
fn renamed_deleted_and_new_files_are_as_the_index_has_them() {
    let repository = Repository::new();
    repository.git(&["mv", "src/pay.rs", "src/pay out.rs"]);
    let lib =
        "//! Shop.\nmod fee;\n#[path = \"pay out.rs\"]\nmod pay;\n/// Pays.\npub struct Pay;\n";
    repository.stage("src/lib.rs", lib);
    assert!(repository.found(STAGED).is_empty());
    repository.stage("src/pay out.rs", BAD);
    assert_eq!(repository.found(STAGED), ["src/pay out.rs"]);
    repository.git(&["rm", "-qf", "src/pay out.rs"]);
    repository.write("src/pay out.rs", BAD);
    assert!(repository.found(STAGED).is_empty());
    // It is on the disk only, and git does not know it.
    assert_eq!(repository.found(&[]), ["src/pay out.rs"]);
    // Git is told that it will come: a commit would not have it.
    let files =
        || repository.run(&["lint", "--staged", "--json"]).json()["summary"]["files"].take();
    let before = files();
    repository.git(&["add", "-N", "src/pay out.rs"]);
    assert!(repository.found(STAGED).is_empty());
    assert_eq!(files(), before);
}

/// A path with a line break or other letters would end a list that is read line by line.
#[cfg(unix)]
#[test]
fn any_path_is_read() {
    let repository = Repository::new();
    let lib = "//! Shop.\n#[path = \"zähl\\nung.rs\"]\nmod pay;\n/// Pays.\npub struct Pay;\n";
    repository.stage("src/lib.rs", lib);
    repository.stage("src/zähl\nung.rs", BAD);
    assert_eq!(repository.found(STAGED), ["src/zähl\nung.rs"]);
}

#[test]
fn the_first_commit_is_linted_like_any_other() {
    let repository = Repository::without_commits("");
    assert!(repository.found(STAGED).is_empty());
    repository.stage("src/pay.rs", BAD);
    // Without a manifest in the index there is no package to lint.
    repository.run(&["lint", "--staged"]).refused(2, "OG060");
    repository.git(&["add", "-A"]);
    assert_eq!(repository.found(STAGED), PAY);
}

#[test]
fn a_package_below_the_top_is_found() {
    for package in ["shop", "services/the shop"] {
        let repository = Repository::with_package_in(package);
        repository.stage("src/pay.rs", BAD);
        repository.place.write("other/src/pay.rs", BAD);
        repository.git(&["add", "-A"]);
        assert_eq!(repository.found(STAGED), PAY, "{package}");
        let ran = ran(repository.command("", &["lint", "--staged", package]));
        assert_eq!(ran.code, 1, "{ran:?}");
        repository.git(&["rm", "-rqf", "--cached", package]);
        assert!(repository.found(STAGED).is_empty());
    }
}

#[test]
fn settings_of_diffs_change_nothing() {
    let repository = Repository::with_package_in("shop");
    for (name, value) in [
        ("diff.relative", "true"),
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("core.quotePath", "true"),
        ("color.ui", "always"),
        ("status.showUntrackedFiles", "no"),
    ] {
        repository.git(&["config", name, value]);
    }
    repository.stage("src/pay.rs", BAD);
    repository.git(&["commit", "-qm", "bad"]);
    // An old finding, which is said because its file changes.
    repository.stage("src/pay.rs", &format!("// Pays.\n{BAD}"));
    assert_eq!(repository.found(STAGED), PAY);
    assert_eq!(repository.found(&["--since", "HEAD"]), PAY);
    // Git is started in the folder that its variables hold for, and that need not be the top.
    let mut told = repository.command("shop/src", &["lint", "--staged", "--only", "ORC001"]);
    told.env("GIT_INDEX_FILE", repository.path(".git/index"));
    assert_eq!(ran(told).code, 1);
}

/// Two sides of a merge are in the index, and neither is what will be committed.
#[test]
fn a_file_in_conflict_cannot_be_linted_and_that_is_said() {
    let repository = Repository::new();
    repository.git(&["checkout", "-qb", "other"]);
    repository.stage("src/pay.rs", &format!("// Other.\n{GOOD}"));
    repository.git(&["commit", "-qm", "other"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.stage("src/pay.rs", &format!("// Main.\n{GOOD}"));
    repository.git(&["commit", "-qm", "main"]);
    let merge = ran(repository.git_command(&["merge", "-q", "other"]));
    assert_eq!(merge.code, 1, "{merge:?}");
    let ran = repository.run(&["lint", "--staged", "--format", "concise"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.out.contains("src/pay.rs") && ran.out.contains("in conflict"),
        "{ran:?}"
    );
    repository.stage("src/pay.rs", GOOD);
    assert!(repository.found(STAGED).is_empty());
}

/// A link is followed to a file of the commit; a submodule has none in it.
#[cfg(unix)]
#[test]
fn links_and_submodules_are_as_a_checkout_has_them() {
    let repository = Repository::new();
    repository.stage("common/pay.rs", BAD);
    std::fs::remove_file(repository.path("src/pay.rs")).unwrap();
    std::os::unix::fs::symlink("../common/pay.rs", repository.path("src/pay.rs")).unwrap();
    std::os::unix::fs::symlink("nowhere.rs", repository.path("src/gone.rs")).unwrap();
    std::os::unix::fs::symlink("ring.rs", repository.path("src/ring.rs")).unwrap();
    repository.git(&["add", "-A"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    let module = format!("160000,{},src/module", head.trim());
    repository.git(&["update-index", "--add", "--cacheinfo", &module]);
    assert_eq!(repository.found(STAGED), PAY);
}

/// `git commit FILE` has an index of its own, and tells hooks about it.
#[test]
fn the_index_that_git_names_is_linted() {
    let repository = Repository::with_package_in("shop");
    repository.write("src/pay.rs", BAD);
    std::fs::copy(repository.path(".git/index"), repository.path(".git/other")).unwrap();
    let mut add = repository.git_command(&["add", "-A"]);
    add.env("GIT_INDEX_FILE", ".git/other");
    assert_eq!(ran(add).code, 0);
    let lint = |index: &str| {
        let lint = ["lint", "--staged", "shop", "--only", "ORC001"];
        let mut command = repository.command("", &lint);
        command.env("GIT_INDEX_FILE", index);
        ran(command).code
    };
    assert_eq!(lint(".git/index"), 0);
    assert_eq!(lint(".git/other"), 1);
    assert!(repository.found(STAGED).is_empty());
}

/// A hook in a second working tree is told of the repository by a path, and stands at its top.
#[test]
fn a_second_working_tree_has_its_own_index() {
    let repository = Repository::with_package_in("shop");
    repository.git(&["worktree", "add", "-q", "second"]);
    repository.place.write("second/shop/src/pay.rs", BAD);
    repository.git(&["-C", "second", "add", "-A"]);
    assert!(repository.found(STAGED).is_empty());
    let lint = ["lint", "--staged", "shop", "--only", "ORC001"];
    assert_eq!(ran(repository.command("second", &lint)).code, 1);
    let mut told = repository.command("second", &lint);
    told.env("GIT_DIR", repository.path(".git/worktrees/second"));
    assert_eq!(ran(told).code, 1);
}

#[test]
fn a_branch_answers_for_what_it_changes() {
    let repository = Repository::new();
    repository.stage("src/fee.rs", BAD);
    repository.git(&["commit", "-qm", "bad"]);
    repository.git(&["checkout", "-qb", "branch"]);
    let since = &["--since", "main"][..];
    assert!(repository.found(since).is_empty());
    repository.stage("src/pay.rs", BAD);
    assert_eq!(repository.found(since), PAY);
    repository.git(&["commit", "-qm", "worse"]);
    assert_eq!(repository.found(since), PAY);
    assert!(repository.found(&["--since", "HEAD"]).is_empty());
    // What the other branch did since is not this one's.
    repository.git(&["checkout", "-q", "main"]);
    repository.stage("src/fee.rs", GOOD);
    repository.git(&["commit", "-qm", "good"]);
    repository.git(&["checkout", "-q", "branch"]);
    assert_eq!(repository.found(since), PAY);
    repository.stage("src/pay.rs", GOOD);
    assert!(repository.found(since).is_empty());
    // Git does not know it yet.
    repository.write("src/new.rs", BAD);
    let lib = repository.place.read("src/lib.rs");
    repository.write("src/lib.rs", &format!("{lib}mod new;\n"));
    assert_eq!(repository.found(since), ["src/new.rs"]);
    // Nor does anything else change.
    repository.git(&["commit", "-qam", "a module without its file"]);
    assert_eq!(repository.found(&["--since", "HEAD"]), ["src/new.rs"]);
}

#[test]
fn without_a_repository_or_revision_nothing_but_an_error_is_said() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "--orphan", "alone"]);
    repository.git(&["commit", "-qm", "alone"]);
    for revision in ["mian", "main", "--all", ""] {
        let ran = repository.run(&["lint", &format!("--since={revision}")]);
        assert!(ran.out.is_empty(), "{ran:?}");
        ran.refused(2, "OG065");
    }
    let none = Place::new();
    none.write("Cargo.toml", "[package]\nname = \"shop\"\n");
    let unknown = |mut command: Command| {
        command.env("GIT_CEILING_DIRECTORIES", none.path("").parent().unwrap());
        let ran = ran(crate::repository::isolated(command));
        assert!(ran.out.is_empty(), "{ran:?}");
        ran.refused(2, "OG065");
    };
    for arguments in [
        &["lint", "--staged"][..],
        &["lint", "--since", "HEAD"],
        &["hook", "install"],
    ] {
        unknown(none.command("", arguments));
        let mut without_git = none.command("", arguments);
        without_git.env("PATH", none.path("nowhere"));
        unknown(without_git);
    }
    let both = repository.run(&["lint", "--staged", "--since", "HEAD"]);
    both.refused(2, "OG001");
}

/// A hook runs in the member and reads git's index; what the workspace left for later is there, too.
#[test]
fn the_baseline_of_the_workspace_around_holds() {
    let repository = Repository::with_package_in("services/pay");
    let place = &repository.place;
    place.write("Cargo.toml", "[workspace]\nmembers = [\"services/*\"]\n");
    repository.stage("src/pay.rs", BAD);
    assert_eq!(repository.found(STAGED), PAY);
    place
        .run(&["baseline", "create", "--reason", "before the linter"])
        .done();
    assert!(repository.found(&[]).is_empty(), "on the disk");
    assert_eq!(repository.found(STAGED), PAY, "git does not know the file");
    repository.git(&["add", "-A"]);
    assert!(repository.found(STAGED).is_empty());
    repository.stage("src/fee.rs", BAD);
    assert_eq!(repository.found(STAGED), ["src/fee.rs"]);
}
