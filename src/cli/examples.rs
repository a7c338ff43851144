//! The end of each command's help: what is typed, and what it is good for.

pub(super) const ALL: &str = "\
Examples:
  orch-gen Payment PaymentRequested order_id:string amount:money
  orch-gen Payment RefundRequested payment_id:uuid amount:money
  orch-gen FileUpload FileUploadRequested        (fields of the preset)
  orch-gen Payment PaymentRequested --gateway stripe
  orch-gen Notification NotificationSent 'channel:enum(push|sms)' body:text
  orch-gen plan --diff                           (what `apply` would do)
  orch-gen check                                 (for CI: exit 1 on drift)
  orch-gen                                       (asks, on a terminal)

Fields are name:type[?][:constraint...] with the types string text bool i32
i64 u32 u64 decimal money uuid date datetime json bytes enum(a|b) list<type>
and the constraints max=64 min=1 secret was=old_name pattern=[0-9a-f]{64}.

Exit codes: 0 done, 1 drift or conflict left, 2 wrong usage or spec, 3 defect.";

pub(super) const APPLY: &str = "\
Examples:
  orch-gen apply                  (after editing orch.toml)
  orch-gen apply --dry-run --diff
  orch-gen apply --force          (gives up edits of generated files)

A file of yours is never lost: `--force` keeps it as FILE.orig.

On a terminal a file in conflict is asked about: skip, overwrite (kept as
FILE.orig), merge, diff, abort. Elsewhere, with CI set, and with --json or -q
nothing is asked and nothing written: exit code 1.";

pub(super) const PLAN: &str = "\
Examples:
  orch-gen plan --diff
  orch-gen plan --json
  orch-gen plan --graph           (the sagas, on 80 columns)
  orch-gen plan --graph=mermaid > sagas.mmd
  orch-gen plan --graph=dot | dot -Tsvg > sagas.svg";

pub(super) const UPGRADE: &str = "\
Examples:
  orch-gen upgrade --dry-run --diff
  orch-gen upgrade                  (asks about conflicts, on a terminal)
  orch-gen upgrade --conflicts inline  (as marks in the files)
  orch-gen upgrade --conflicts rej  (your side stays, the other as FILE.rej)
  orch-gen upgrade --abort

No network, no git and no older orch-gen is needed. Exit code 1: conflicts
are left; each is listed.";

pub(super) const REMOVE: &str = "\
Examples:
  orch-gen remove Payment RefundRequested
  orch-gen remove Payment --dry-run

Files that were edited are kept and listed.";

pub(super) const GENERATE: &str = "\
Examples:
  orch-gen generate orchestration Payment PaymentRequested
  orch-gen generate metrics Payment
  orch-gen generate               (asks, on a terminal)";

pub(super) const METRICS: &str = "\
Examples:
  orch-gen generate metrics Payment
  orch-gen generate metrics Payment --dry-run --diff

Writes monitoring/<domain>/ with dashboard.json, alerts.yml and
alerts_test.yml, and `metrics = true` into orch.toml. The limits are yours to
change; an upgrade merges. Taking the line out and `orch-gen apply`, or
`orch-gen remove`, takes the files out.";

pub(super) const EXPLAIN: &str = "\
Examples:
  orch-gen explain ORC002
  orch-gen explain OG031
  orch-gen explain                (lists all of them)";

pub(super) const SCHEMA: &str = "\
Examples:
  orch-gen schema                 (lists them)
  orch-gen schema orch.toml > orch.toml.schema.json
  orch-gen schema plan";

pub(super) const MAN: &str = "\
Examples:
  orch-gen man | man -l -
  orch-gen man ~/.local/share/man/man1";

pub(super) const DOCTOR: &str = "\
Examples:
  orch-gen doctor
  orch-gen doctor --json -p shop

Exit codes: 0 no problem (warnings are none), 1 a problem.";

pub(super) const COMPLETIONS: &str = "\
Examples:
  source <(orch-gen completions bash)
  orch-gen completions fish > ~/.config/fish/completions/orch-gen.fish";

pub(super) const EJECT: &str = "\
Examples:
  orch-gen eject rules.rs
  orch-gen eject 'src/[domain]/orchestrator.rs' tests/architecture.rs

Templates are Jinja; they go to .orch/templates and are committed with the
package. `upgrade` merges what changes in the built-in ones.";

pub(super) const TEMPLATES: &str = "\
Examples:
  orch-gen templates              (lists them)
  orch-gen templates diff
  orch-gen templates test";

pub(super) const LSP: &str = "\
Example:
  orch-gen lsp

It reads from standard input and writes to standard output; the editor starts it.

Neovim:
  vim.lsp.start({ name = 'orch-gen', cmd = { 'orch-gen', 'lsp' },
                  root_dir = vim.fs.root(0, 'Cargo.toml') })
Helix, in languages.toml:
  [language-server.orch-gen]
  command = \"orch-gen\"
  args = [\"lsp\"]";
pub(super) const HOOK: &str = "\
Examples:
  orch-gen hook install
  orch-gen hook install --pre-push services/shop
  orch-gen hook install --append  (into a shell script that is there)
  orch-gen hook uninstall

A hook that is there stays as it is: without --append, the lines to put in
are shown. Before a commit, what is staged is linted; before a push, the
files on the disk.";
