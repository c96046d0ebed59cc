//! `cargo xtask`: the tasks of this repository, one file each.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod check;
mod demo;
mod deny;
mod fuzz;
mod generate;
mod kube;
mod order;
mod peers;
mod repository;
mod results;
mod test;

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// The story of a GitOps team, on a real control plane
    Demo(demo::Args),
    /// Figures against kubeseal and the real controller
    Bench(bench::Args),
    /// Starts a cluster and says what fetching its certificate costs (for `bench`, in a network namespace)
    #[command(hide = true)]
    MeasureFetchCert(bench::fetch_cert::Args),
    /// A Kubernetes control plane on this machine
    #[command(subcommand)]
    Kube(kube::Task),
    /// The programs of others: kubeseal, the Sealed Secrets controller, age, rage, AWS emulators
    #[command(subcommand)]
    Peers(peers::Task),
    /// The rules that the compiler does not know: layers, file sizes, RSA
    Check,
    /// Writes the files that are made from the Rust types
    Generate(generate::Args),
    /// Writes which functions the linker puts beside each other in seal (needs valgrind)
    Order,
    /// Damaged input for the readers of files, for as long as you like (needs a C++ compiler)
    Fuzz(fuzz::Args),
    /// Everything that CI runs
    Test(test::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    let done = |result: anyhow::Result<()>| result.map(|()| ExitCode::SUCCESS);
    match Args::parse().task {
        Task::Demo(args) => done(demo::run(&args)),
        Task::Bench(args) => done(bench::run(&args)),
        Task::MeasureFetchCert(args) => done(bench::fetch_cert::run_inside(args)),
        Task::Kube(task) => done(kube::run(&task)),
        Task::Peers(task) => done(peers::run(&task)),
        Task::Check => done(check::run()),
        Task::Generate(args) => done(generate::run(&args)),
        Task::Order => done(order::run()),
        Task::Fuzz(args) => done(fuzz::run(&args)),
        Task::Test(args) => test::run(&args),
    }
}
