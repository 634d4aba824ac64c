//! Who looks after which partner: the lines of the file and those given here, giving and taking back.

use super::act::each;
use super::print::{self, Table};
use super::{Context, Failed, list, time};
use crate::core::assignment::{Assignment, Origin, Pattern, Scope};
use crate::core::command::Action;
use crate::core::person::PersonId;
use crate::core::text::sanitise;
use crate::wire::assign::{AssignmentLine, RolesOf};
use clap::{Args, Subcommand};
use jiff::civil::Date;

#[derive(Subcommand, Debug)]
pub enum AssignCommand {
    /// Every assignment, of the configuration file and given here; those given here newest first
    List {
        /// Only this role, such as coordinator or reviewer:invoice
        #[arg(long)]
        role: Option<String>,
        /// Only those that are for this partner
        #[arg(long, value_name = "ID")]
        partner: Option<String>,
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Give a person a role for all partners, or some; admins only
    #[command(
        after_help = "The most specific assignment counts: by partner, else by pattern (the longer, the more \
        specific), region, tier, else for all; one given here before one of the file that is as specific.\n\
        Given again for the same role and the same partners, it replaces the one before:\n  \
        nightdesk assign add coordinator maria --partner acme --deputy jonas\n  \
        nightdesk assign add reviewer:invoice jonas --tier gold --until 2026-12-31"
    )]
    Add(AddArgs),
    /// Take one back that was given here; admins only
    Remove {
        /// As in the list, such as coordinator@partner=acme
        id: String,
    },
    /// Who holds each role for a partner, and by which assignment
    Who {
        /// The partner's id
        partner: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct AddArgs {
    /// Such as coordinator, account_manager, onboarding_manager, reviewer or reviewer:invoice
    pub role: String,
    /// The id of a [[person]]
    #[arg(value_name = "PERSON")]
    pub holder: String,
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Stands in on the days the person is away
    #[arg(long, value_name = "PERSON")]
    pub deputy: Option<String>,
    /// The last day on which it counts, such as 2026-12-31
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
}

/// Of which partners; without any of these, of all.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct ScopeArgs {
    /// Of one partner
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Of partners whose id fits, such as 'acme-*'
    #[arg(long)]
    pub pattern: Option<String>,
    /// Of the partners of a region
    #[arg(long)]
    pub region: Option<String>,
    /// Of the partners of a tier
    #[arg(long)]
    pub tier: Option<String>,
}

impl ScopeArgs {
    fn scope(self) -> Scope {
        let Self { partner, pattern, region, tier } = self;
        let partner = partner.map(Scope::Partner);
        let others = || pattern.map(|text| Scope::Pattern(Pattern(text)));
        let rest = || region.map(Scope::Region).or_else(|| tier.map(Scope::Tier));
        partner.or_else(others).or_else(rest).unwrap_or(Scope::Everyone)
    }
}

pub async fn run(command: AssignCommand, context: &Context) -> Result<(), Failed> {
    match command {
        AssignCommand::List { role, partner, json } => lines(role, partner, json, context).await,
        AssignCommand::Add(args) => {
            let assignment = Assignment {
                role: args.role,
                person: PersonId(args.holder),
                deputy: args.deputy.map(PersonId),
                scope: args.scope.scope(),
                until: args.until,
                origin: Origin::Stored,
            };
            each([assignment], |assignment| Action::Assign { assignment }, context).await
        }
        AssignCommand::Remove { id } => {
            each([id], |assignment| Action::Unassign { assignment }, context).await
        }
        AssignCommand::Who { partner, json } => who(&partner, json, context).await,
    }
}

async fn lines(
    role: Option<String>,
    partner: Option<String>,
    json: bool,
    context: &Context,
) -> Result<(), Failed> {
    let asked: Vec<String> = [("role", role), ("partner", partner)]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", list::encoded(&value?))))
        .collect();
    let lines: Vec<AssignmentLine> =
        context.client.get(&format!("/v1/assignments?{}", asked.join("&"))).await?;
    if json {
        return print::json(&lines);
    }
    time::settle(context).await?;
    let mut table = Table::new(&["ID", "STATE", "PERSON", "DEPUTY", "UNTIL", "FROM"]);
    for AssignmentLine { id, state, assignment, set_by, updated_at, .. } in lines {
        let from = match set_by {
            Some(person) => format!("{person}, {}", time::short(updated_at)),
            None => "the configuration file".to_owned(),
        };
        table.row(vec![
            id.into(),
            state.as_str().into(),
            assignment.person.0.into(),
            assignment.deputy.map(|deputy| deputy.0).unwrap_or_default().into(),
            assignment.until.map(|last| last.to_string()).unwrap_or_default().into(),
            from.into(),
        ]);
    }
    table.print()
}

async fn who(partner: &str, json: bool, context: &Context) -> Result<(), Failed> {
    let found: RolesOf =
        context.client.get(&format!("/v1/assignments/of/{}", list::encoded(partner))).await?;
    if !found.known {
        eprintln!(
            "No partner {} has been heard of yet, so its region and tier are not known.",
            sanitise(partner)
        );
    }
    if json {
        return print::json(&found);
    }
    for role in found.roles {
        let (Some(person), Some(by)) = (&role.person, &role.by) else {
            print::line(&format!("{}: nobody", role.role))?;
            continue;
        };
        let acting = match &role.acting {
            Some(acting) if acting != person => format!("; {acting} acts, {person} is away"),
            _ => String::new(),
        };
        let from = match role.origin {
            Some(Origin::File) => " of the configuration file",
            _ => "",
        };
        print::line(&format!("{}: {person}, by {by}{from}{acting}", role.role))?;
    }
    Ok(())
}
