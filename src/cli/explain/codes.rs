//! What usually leads to each error code, an example, and the way out. What a code means is said
//! where it is defined.

use crate::error::Code;

/// What is said of a code beyond its meaning.
pub(super) struct Advice {
    pub(super) code: Code,
    /// What usually leads to it.
    pub(super) cause: &'static str,
    /// What was typed, or is on the disk.
    pub(super) example: &'static str,
    /// What to do.
    pub(super) fix: &'static str,
}

/// The advice on a code.
pub(super) fn of(code: Code) -> Option<&'static Advice> {
    ALL.iter().find(|advice| advice.code == code)
}

macro_rules! advice {
    ($($code:ident: $cause:literal, $example:literal, $fix:literal;)+) => {
        const ALL: &[Advice] = &[$(Advice {
            code: Code::$code, cause: $cause, example: $example, fix: $fix,
        },)+];
    };
}

advice! {
    Usage:
        "A mistyped option or command, or an event that was left out.",
        "orch-gen Payment",
        "The help line says what to type. `orch-gen --help`, or `--help` after a command, shows examples.";
    NameForm:
        "A name with blanks, a path, or letters that are not ASCII; or, in orch.toml, another spelling \
         than the name's own.",
        "orch-gen Zahlungsübersicht Requested",
        "Use English words in PascalCase, of at most 50 characters: `PaymentOverview`.";
    NameReserved:
        "A keyword, a type of the standard library, or something that every generated service has.",
        "orch-gen Type TypeRequested",
        "Take the name that the help line suggests, such as `CustomerType`.";
    NameClash:
        "Two events whose short names are the same, or two fields that would be one column.",
        "orch-gen Payment PaymentRequested amount:money amount_value:u64",
        "Rename one of the two that the message names.";
    FieldForm:
        "The type was left out, or the shell took a part of the field.",
        "orch-gen Payment PaymentRequested amount",
        "Write `name:type`, such as `amount:money`. Put it in quotes when it has `(`, `|`, `<` or `?`.";
    FieldType:
        "A type of another language or database.",
        "orch-gen Payment PaymentRequested rate:float",
        "Use one of string text bool i32 i64 u32 u64 decimal money uuid date datetime json bytes \
         enum(a|b) list<type>.";
    FieldConstraint:
        "A limit that the type does not have, or `min` above `max`.",
        "orch-gen Payment PaymentRequested paid:bool:max=3",
        "Use `max` and `min` with texts, numbers and lists, `pattern` with texts, `secret` with anything \
         but bool and enum.";
    SpecSyntax:
        "A quote or a bracket is missing, a key is there twice, or a merge left its marks.",
        "name = \"Payment",
        "Correct the line that is named. An editor with `orch-gen schema orch.toml` shows it while typing.";
    SpecKey:
        "A mistyped key, or one under the wrong heading.",
        "[stroe]\nkind = \"sqlite\"",
        "Take the key that the help line suggests.";
    SpecValue:
        "A word that is none of the possible ones, or a section without what it needs.",
        "[store]\nkind = \"mysql\"",
        "Write what the help line lists. `orch-gen schema orch.toml` has every value.";
    Unavailable:
        "Something that is planned, or that belongs to a newer version.",
        "orch-gen Payment PaymentRequested --gateway soap",
        "Use what the help line names, or install a newer orch-gen.";
    GatewaySlot:
        "The command has no field for something that the provider's call cannot do without.",
        "orch-gen Payment PaymentRequested order_id:string --gateway stripe",
        "Add the field that the help line names, or leave all fields out: the gateway's preset has them.";
    SagaOrder:
        "A mistyped step in `after`, or two steps that wait for each other. A step without `after` comes after \
         the one before it.",
        "after = [\"reserve_inventry\"]",
        "Take the name that the help line suggests. Of a cycle, take one `after` out; `after = []` begins at once.";
    SagaCompensation:
        "A step that calls a provider, and says neither what undoes it nor that nothing can.",
        "[[saga.step]]\nname = \"pay\"\ncall = \"Payment.PaymentRequested\"",
        "Add `undo = \"Payment.RefundRequested\"`, or `compensation = \"none\"` and a `reason`. A step without \
         `call` is undone by code of yours and has neither.";
    SagaCall:
        "A mistyped domain or event in `call` or `undo`, or one that was renamed or removed.",
        "call = \"Payment.PaymentReqested\"",
        "Write `Domain.Event` of a `[[domain.operation]]` in the same file.";
    SagaField:
        "A step calls an operation, and one of its fields is neither in the saga's `fields` nor optional nor free text; \
         or `tells` names a field that the saga does not have, or a secret one.",
        "[[saga]]\nname = \"OrderCreation\"\nfields = [\"order_id:string\"]  # and the step's payment has an amount",
        "Add the field that the help line shows. `pay_amount` (step) and `payment_amount` (domain) fill `amount`, too. \
         Take out of `tells` what must not travel in clear.";
    NoPackage:
        "The command was started outside of a package, or in the wrong one.",
        "cd /tmp && orch-gen check",
        "Go into the package, name it with `--out DIR` or `-p NAME`, or make one with `orch-gen new DIR`.";
    ForeignPackage:
        "A command that needs an orch.toml was started in a package without one.",
        "cargo new shop && cd shop && orch-gen apply",
        "Add an operation, such as `orch-gen Payment PaymentRequested`: it makes the orch.toml.";
    Occupied:
        "A file of your own, or a folder or a link, has the path of a generated file.",
        "touch src/payment/gateway.rs && orch-gen Payment PaymentRequested",
        "Move it away; or run the command with `--force`, which keeps a file beside as `.orig`. On a terminal \
         it is asked about.";
    TwoOwners:
        "A defect of orch-gen: two of its parts want to write one file.",
        "error[OG030]: two components claim src/payment/mod.rs",
        "Report it with your orch.toml. Until it is mended, rename the domain or the event.";
    EditedGenerated:
        "An edit in `generated/`, in wiring or in a migration, which the next run would lose.",
        "$EDITOR src/payment/generated/command.rs && orch-gen apply",
        "Move the edit to a file of yours, such as `rules.rs`, then `orch-gen apply --force`. On a terminal \
         `skip` leaves the file as it is.";
    MergeConflict:
        "A file of yours was edited where the template changed too.",
        "an edited `execute` in orchestrator.rs, and a new field in orch.toml",
        "Run it again with `--merge`: both sides are written, between marks. `orch-gen upgrade` does so by \
         itself.";
    Drift:
        "orch.toml was edited and not applied, or generated files were edited or deleted.",
        "rm src/payment/mod.rs && orch-gen check",
        "Run the command that the help line names, mostly `orch-gen apply`, and commit what it writes.";
    Outdated:
        "A newer orch-gen was installed, and its templates differ from those that wrote the tree.",
        "cargo install orch-gen && orch-gen apply",
        "`orch-gen upgrade` merges what the templates changed; `--dry-run --diff` shows it first. A tree of \
         a newer version needs that version.";
    NoUpgrade:
        "Nothing was upgraded yet, or something else was generated since.",
        "orch-gen upgrade --abort, twice",
        "Take the tree from version control.";
    LockUnreadable:
        "A merge of two branches left its marks in orch.lock, or somebody edited it.",
        "<<<<<<< HEAD in orch.lock",
        "Take orch.lock of either branch and run `orch-gen apply`; or delete it, and apply makes it anew.";
    Io:
        "No permission, a full disk, or a file that another program holds.",
        "chmod a-w src && orch-gen apply",
        "Put right what the message says and run the command again: nothing, or everything, was written.";
    TreeChanged:
        "An editor saved a file, or a branch was switched, in the same moment.",
        "git switch main & orch-gen apply",
        "Run the command again.";
    Busy:
        "A second terminal, an editor or a hook runs orch-gen in the same package.",
        "orch-gen apply & orch-gen apply",
        "Wait until the other is done. A process that died holds nothing.";
    Interrupted:
        "A run was killed, or the power failed, while files were replaced.",
        "kill -9 during orch-gen apply, then orch-gen check",
        "Run `orch-gen apply`: it completes that run, or takes it back, before anything else.";
    OutsidePackage:
        "A folder of the package is a symbolic link to somewhere else.",
        "ln -s /srv/shared src/payment && orch-gen apply",
        "Replace the link by a folder.";
    NoPlace:
        "A router, a manifest or a module list is written in a way that has no safe place for the line.",
        "a router that a macro builds",
        "Put in the lines that the help line prints; what is there already is not put in again.";
    Lint:
        "A mistyped rule, or a folder without a Cargo.toml.",
        "orch-gen lint --only ORC999",
        "`orch-gen rules` lists the rules; name the folder of a package or workspace.";
    LintDefect:
        "A defect of the linter, or sources that changed while it read them.",
        "error[OG061] after orch-gen lint",
        "Run it again. If it stays, report it with the file that is named.";
    BaselineDamaged:
        "A merge that was not finished, or a line that was edited by hand.",
        "orch-gen lint, with `<<<<<<< HEAD` in orch-lint.baseline",
        "Of a merge, keep the lines of both sides. Take any other line out, or back from version control: \
         what it held back is a finding again.";
    BaselineExists:
        "`baseline create` a second time. Everything that came since would be left for later unseen.",
        "orch-gen baseline create",
        "Mend what is new. For a rule that is new, name it: `orch-gen baseline create --only ORC302`.";
    NotAllLinted:
        "A source that does not compile; its findings would look as if they were mended.",
        "orch-gen baseline prune, in the middle of an edit",
        "`orch-gen lint` names the file and the line. Run it again when the file parses.";
    Git:
        "`--staged`, `--since` or `hook` outside of a git repository, or a revision that was not fetched.",
        "orch-gen lint --since origin/mian",
        "The message says what git said. In CI, fetch the whole history. `orch-gen lint` alone needs no git.";
    HookTaken:
        "A hook written by hand, or by a program that manages hooks.",
        "orch-gen hook install, with a .git/hooks/pre-commit that runs `make check`",
        "Put in the lines that the help shows, or let `orch-gen hook install --append` do it; a program that \
         manages hooks is told to run `orch-gen lint --staged`.";
    LintSettings:
        "A mistyped rule or level, a pattern that is none, or a rule that cannot be turned off.",
        "[lint.rules]\nORC302 = \"wran\"",
        "Correct the line that is named. `orch-gen lint --verify-config` shows all that is wrong, and what changes \
         nothing; `orch-gen rules` lists the rules.";
    OwnTemplate:
        "A template in .orch/templates was edited so that it is no Jinja, names a value that it is not \
         given, or makes what is not Rust.",
        "orch-gen apply, with `{{ nmae }}` in .orch/templates/src/[domain]/rules.rs.j2",
        "Mend the line that is named; `orch-gen templates diff` shows what differs from the built-in one. \
         Deleted, the built-in one is taken again.";
    Render:
        "A defect of orch-gen: a template wrote what is not Rust, TOML or SQL.",
        "error[OG090]: src/payment/mod.rs does not parse",
        "Report it with your orch.toml. Nothing was written.";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A code that is new has no advice yet, and the compiler does not say so.
    #[test]
    fn every_code_has_advice_once() {
        let advised: Vec<_> = ALL.iter().map(|advice| advice.code.number()).collect();
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(advised, codes);
    }
}
