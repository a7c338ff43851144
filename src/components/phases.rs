//! Phases: which components run after which, and which at the same time.
//!
//! A component that needs another's files runs in a later phase; the components of one phase do
//! not see each other's files and run in parallel. The result does not depend on timing: files are
//! ordered by path.

use super::{
    Component, Context, DomainModel, GeneratedFile, OperationModel, PackageModel, Render, Rendered,
    SagaModel,
};
use crate::error::{Code, Error, Result};
use crate::model::Style;
use crate::parallel;
use crate::templates::Templates;
use std::collections::BTreeMap;

/// A file and the component that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The component.
    pub owner: &'static str,
    /// The file.
    pub file: GeneratedFile,
}

/// Components that run at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Their ids.
    pub components: Vec<&'static str>,
}

/// One call of a component's function.
#[derive(Clone, Copy)]
struct Task<'a> {
    owner: &'static str,
    render: Render,
    domain: Option<&'a DomainModel>,
    operation: Option<&'a OperationModel>,
    saga: Option<&'a SagaModel>,
}

/// The phases, and every file with its one owner, ordered by path.
///
/// # Errors
/// When a template fails, or two components claim one path.
pub fn render(
    components: &[Component],
    package: &PackageModel,
    templates: &Templates,
) -> Result<(Vec<Phase>, Vec<Owned>)> {
    let phases = order(components)?;
    let mut files: Vec<Owned> = Vec::new();
    for phase in &phases {
        let context = Context {
            package,
            produced: &files,
            templates,
        };
        let rendered = run(&tasks(components, phase, package), &context)?;
        files.extend(rendered);
    }
    files.sort_by(|a, b| a.file.path().cmp(b.file.path()));
    one_owner(&files)?;
    Ok((phases, files))
}

/// Components by the length of the chain of needs before them.
fn order(components: &[Component]) -> Result<Vec<Phase>> {
    let mut done: Vec<&str> = Vec::new();
    let mut phases = Vec::new();
    while done.len() < components.len() {
        let ready: Vec<&'static str> = components
            .iter()
            .filter(|c| !done.contains(&c.id) && c.needs.iter().all(|need| done.contains(need)))
            .map(|c| c.id)
            .collect();
        if ready.is_empty() {
            return Err(Error::new(
                Code::Render,
                "components wait for each other, or for none",
            ));
        }
        done.extend(&ready);
        phases.push(Phase { components: ready });
    }
    Ok(phases)
}

fn tasks<'a>(components: &[Component], phase: &Phase, package: &'a PackageModel) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    for component in components
        .iter()
        .filter(|c| phase.components.contains(&c.id))
    {
        let (owner, render) = (component.id, component.render);
        let task = Task {
            owner,
            render,
            domain: None,
            operation: None,
            saga: None,
        };
        match render {
            Render::Package(_) => tasks.push(task),
            Render::Domain(_) => tasks.extend(package.domains.iter().map(|domain| Task {
                domain: Some(domain),
                ..task
            })),
            Render::Operation(_) => tasks.extend(package.operations().map(|(domain, o)| Task {
                domain: Some(domain),
                operation: Some(o),
                ..task
            })),
            Render::Saga(_) => tasks.extend(package.sagas.iter().map(|saga| Task {
                saga: Some(saga),
                ..task
            })),
        }
    }
    tasks
}

/// Runs the tasks on all processors; the first error in task order wins.
fn run(tasks: &[Task<'_>], context: &Context<'_>) -> Result<Vec<Owned>> {
    let mut files = Vec::new();
    let is_older = context.package.style == Style::Edition2021;
    let rendered = parallel::map(tasks, |task| {
        let mut files = task.call(context)?;
        if is_older {
            files.iter_mut().for_each(GeneratedFile::in_older_style);
        }
        Ok::<_, Error>(files)
    });
    for (task, rendered) in tasks.iter().zip(rendered) {
        let owner = task.owner;
        files.extend(rendered?.into_iter().map(|file| Owned { owner, file }));
    }
    Ok(files)
}

impl Task<'_> {
    fn call(&self, context: &Context<'_>) -> Rendered {
        match (self.render, self.domain, self.operation, self.saga) {
            (Render::Package(render), ..) => render(context),
            (Render::Domain(render), Some(domain), ..) => render(context, domain),
            (Render::Operation(render), Some(domain), Some(operation), _) => {
                render(context, domain, operation)
            }
            (Render::Saga(render), .., Some(saga)) => render(context, saga),
            (Render::Domain(_) | Render::Operation(_) | Render::Saga(_), ..) => Ok(Vec::new()),
        }
    }
}

/// One owner per path, also on a disk that ignores case.
fn one_owner(files: &[Owned]) -> Result<()> {
    let mut owners: BTreeMap<String, &Owned> = BTreeMap::new();
    for owned in files {
        if let Some(other) = owners.insert(owned.file.path().to_lowercase(), owned) {
            let what = format!("`{}` and `{}` claim one file", other.owner, owned.owner);
            return Err(Error::new(Code::TwoOwners, what)
                .at(owned.file.path())
                .help("this is a defect of orch-gen; nothing was written"));
        }
    }
    Ok(())
}
