//! Errors as a user meets them: a stable code, what happened, where, and what to type.
//!
//! [`Code`] is the one registry. Every code has a number that never changes its meaning, the exit
//! code it leads to and one sentence of explanation. `orch-gen explain OG0xx` prints it with the usual
//! cause, an example and the way out, which are in `cli/explain/codes.rs`.

use std::fmt;

/// The result of everything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $exit:expr;)+) => {
        /// A stable error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in numeric order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as printed, such as `OG011`.
            #[must_use]
            pub const fn number(self) -> &'static str {
                match self { $(Self::$variant => $number,)+ }
            }

            /// How a run that meets this error usually ends.
            #[must_use]
            pub const fn exit(self) -> Exit {
                match self { $(Self::$variant => $exit,)+ }
            }

            /// What the code means, as `orch-gen explain` prints it.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n",)+),)+ }
            }
        }
    };
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for is done.
    Done = 0,
    /// Findings, drift or a conflict are left for a person.
    Findings = 1,
    /// Wrong usage, a wrong spec, or a place that cannot be written to.
    Usage = 2,
    /// A defect of this program.
    Internal = 3,
}

codes! {
    /// The command line does not say what to do, or says two things at once.
    Usage = "OG001", Exit::Usage;
    /// A name is not a name: empty, too long, or made of characters that cannot be in one.
    NameForm = "OG002", Exit::Usage;
    /// A name is taken by the language, the standard library, the runtime or the generated tree.
    NameReserved = "OG003", Exit::Usage;
    /// Two things would have the same name, the same file or the same route.
    NameClash = "OG004", Exit::Usage;
    /// A field does not follow `name:type[?][:constraint…]`.
    FieldForm = "OG005", Exit::Usage;
    /// A field's type is not known.
    FieldType = "OG006", Exit::Usage;
    /// A constraint is unknown, given twice, not for this type, or impossible to meet.
    FieldConstraint = "OG007", Exit::Usage;
    /// `orch.toml` is not TOML.
    SpecSyntax = "OG010", Exit::Usage;
    /// `orch.toml` holds a key that nothing reads.
    SpecKey = "OG011", Exit::Usage;
    /// A value in `orch.toml` is missing, of the wrong kind or out of range.
    SpecValue = "OG012", Exit::Usage;
    /// The value or the command has a meaning, but this version cannot do it yet.
    Unavailable = "OG013", Exit::Usage;
    /// A call through the domain's gateway needs something that no field of the command is: a charge
    /// needs an amount and a source. A field is it by its type and one of the names that the error lists.
    GatewaySlot = "OG014", Exit::Usage;
    /// The steps of a saga cannot be put into an order: there is none, there are too many, or one comes after a
    /// step that there is not, after itself, or after one that comes after it.
    SagaOrder = "OG015", Exit::Usage;
    /// What a step of a saga says about its compensation is missing, or says two things at once.
    SagaCompensation = "OG016", Exit::Usage;
    /// A step of a saga names an operation that is not in `orch.toml`.
    SagaCall = "OG017", Exit::Usage;
    /// An operation that a step of a saga asks for has a field, and no field of the saga says what it is.
    SagaField = "OG018", Exit::Usage;
    /// There is no package here.
    NoPackage = "OG020", Exit::Usage;
    /// Nothing was generated into the package here yet.
    ForeignPackage = "OG021", Exit::Usage;
    /// Something is already where a file has to go. A file that `--force` would replace, keeping a
    /// copy, is a conflict that is left: exit code 1.
    Occupied = "OG022", Exit::Usage;
    /// Two components claim one file.
    TwoOwners = "OG030", Exit::Internal;
    /// A file that is rewritten byte for byte was edited by hand.
    EditedGenerated = "OG031", Exit::Findings;
    /// Both the template and the user changed the same lines.
    MergeConflict = "OG032", Exit::Findings;
    /// The tree does not match `orch.toml`.
    Drift = "OG033", Exit::Findings;
    /// Another version of this program wrote the tree.
    Outdated = "OG034", Exit::Findings;
    /// There is no upgrade that could be taken back.
    NoUpgrade = "OG035", Exit::Usage;
    /// `orch.lock` cannot be read.
    LockUnreadable = "OG040", Exit::Usage;
    /// The operating system refused to read or write.
    Io = "OG050", Exit::Usage;
    /// The tree changed between planning and writing.
    TreeChanged = "OG051", Exit::Findings;
    /// Another run is writing to the same package.
    Busy = "OG052", Exit::Usage;
    /// An earlier run was interrupted and is not completed yet.
    Interrupted = "OG053", Exit::Usage;
    /// A path leads out of the package.
    OutsidePackage = "OG054", Exit::Usage;
    /// The place for a line of ours in a file of somebody else was not found. The help says what to
    /// put there by hand; what is there already is not put in again.
    NoPlace = "OG055", Exit::Findings;
    /// The linter was asked for something that does not exist.
    Lint = "OG060", Exit::Usage;
    /// The linter failed.
    LintDefect = "OG061", Exit::Internal;
    /// `orch-lint.baseline` cannot be read: the line that is named is no finding.
    BaselineDamaged = "OG062", Exit::Usage;
    /// There is a baseline already, and no rule is named whose findings are to be added to it.
    BaselineExists = "OG063", Exit::Usage;
    /// A file could not be read or parsed, so that nobody can tell which findings there are.
    NotAllLinted = "OG064", Exit::Internal;
    /// Git could not be asked: it is not installed, the folder is in no repository of it, or it knows no
    /// such revision.
    Git = "OG065", Exit::Usage;
    /// A hook of somebody else is where ours has to go.
    HookTaken = "OG066", Exit::Usage;
    /// `orch.toml` cannot be read by the linter, or its section `[lint]` says what cannot be done. Nothing was
    /// linted: a setting that is passed over would be a rule that its author believes to be on.
    LintSettings = "OG067", Exit::Usage;
    /// A template of the package's own is not of the template language, asks for a value that it is not
    /// given, makes a file of the wrong language, or is in the place of no template.
    OwnTemplate = "OG070", Exit::Usage;
    /// A template failed, or wrote something that is not the language of its file.
    Render = "OG090", Exit::Internal;
}

/// Something that was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    code: Code,
    what: String,
    at: Option<String>,
    help: Option<String>,
    exit: Exit,
}

impl Error {
    /// An error with nothing but its sentence.
    #[must_use]
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            at: None,
            help: None,
            exit: code.exit(),
        }
    }

    /// Names the place: a file with its line, or an argument.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at = Some(place.into());
        self
    }

    /// Says what to type to get further.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the place unless a more exact one is known already.
    #[must_use]
    pub fn or_at(mut self, place: impl FnOnce() -> String) -> Self {
        self.at.get_or_insert_with(place);
        self
    }

    /// Says how the run ends, where that is not how the code usually ends one.
    #[must_use]
    pub const fn ending(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// How the run ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What happened, in one sentence.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// What to type.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code.number(), self.what)?;
        if let Some(at) = &self.at {
            write!(f, "\n  --> {at}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ascending() {
        let numbers: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] < pair[1]),
            "{numbers:?}"
        );
    }

    #[test]
    fn prints_what_where_and_help() {
        let error = Error::new(Code::SpecKey, "unknown key `stroe`")
            .at("orch.toml:7")
            .help("did you mean `store`?");
        insta::assert_snapshot!(error, @r"
        error[OG011]: unknown key `stroe`
          --> orch.toml:7
        help: did you mean `store`?
        ");
    }
}
