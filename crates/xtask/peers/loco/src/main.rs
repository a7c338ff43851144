//! `loco-controller NAME`: what `cargo loco generate controller NAME` does in the app in this folder.
//!
//! In an app the generator is a part of the app's own program, so that cargo looks at the whole app
//! before it starts. This is the generator alone, which is in its favour.

use std::process::ExitCode;

use loco_gen::{AppInfo, Component};

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        eprintln!("usage: loco-controller NAME");
        return ExitCode::from(2);
    };
    let controller = Component::Controller {
        name,
        actions: Vec::new(),
        auth: false,
    };
    let app = AppInfo {
        app_name: "app".into(),
        working_dir: ".".into(),
    };
    match loco_gen::generate(&loco_gen::new_generator(), controller, &app) {
        Ok(results) => {
            print!("{}", loco_gen::collect_messages(&results));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
