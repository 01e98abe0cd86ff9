//! A deal as its CRM shows it: fields and people to edit, buttons that move it, and the tasks on it.

use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

use super::links::task_body;
use super::place::Place;
use super::shelf::Crm;

/// A deal that the page shows.
pub(super) struct DealSheet {
    pub(super) id: String,
    pub(super) name: String,
    /// The customer.
    pub(super) account: String,
    pub(super) amount: String,
    pub(super) stage: String,
    pub(super) is_won: bool,
    /// Name and address.
    pub(super) seller: (String, String),
    pub(super) fields: Vec<FormField>,
    pub(super) people: Vec<Participant>,
    /// The roles that a person of the customer can have.
    pub(super) roles: Vec<String>,
    pub(super) tasks: Vec<TaskCard>,
}

/// A field that a seller fills.
pub(super) struct FormField {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) shape: Shape,
}

/// How a field is filled.
pub(super) enum Shape {
    Line,
    Text,
    Day,
    /// Some of these: stored value and label. The field's value joins them with `;`.
    Choices(Vec<(String, String)>),
}

/// A person of the customer on a deal.
pub(super) struct Participant {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) roles: Vec<String>,
}

/// A task on a deal.
pub(super) struct TaskCard {
    pub(super) subject: String,
    pub(super) body: TaskBody,
    pub(super) is_done: bool,
    pub(super) due: String,
    pub(super) assignee: Option<String>,
    pub(super) is_urgent: bool,
    pub(super) changed: Timestamp,
}

/// The text of a task as its CRM keeps it.
pub(super) enum TaskBody {
    Html(String),
    Plain(String),
}

/// What the deal is, and the buttons that move it.
pub(super) fn draw_head(deal: &DealSheet, place: &Place) -> Markup {
    let crm = Crm::of(&deal.id);
    html! {
        header.deal-head {
            p.crm data-crm=(crm.name()) { (crm.name()) " · deal" }
            h2 { (deal.name) }
            p.facts {
                (deal.account) " · " (deal.amount) " · " (deal.seller.0)
                " " span.stage data-won=[deal.is_won.then_some("")] { (deal.stage) }
            }
            form.moves method="post" action="/act/move" {
                (hidden(place))
                @if deal.is_won {
                    button name="to" value="open" { "Reopen" }
                } @else {
                    button.primary name="to" value="won" { "Closed won" }
                }
            }
        }
    }
}

/// The fields and people of the deal, to be edited. Its button stands below what scrolls.
pub(super) fn draw_form(deal: &DealSheet, place: &Place) -> Markup {
    html! {
        form.sheet #sheet method="post" action="/act/save" {
            (hidden(place))
            fieldset {
                legend { "What the seller knows" }
                @for field in &deal.fields { (field_row(field)) }
            }
            fieldset {
                legend { "People of the customer" }
                @for person in &deal.people { (person_row(person, &deal.roles)) }
                details.new-person {
                    summary { "Add a person" }
                    (new_person(&deal.roles))
                }
            }
        }
    }
}

/// The tasks, as the CRM shows them: the newest first.
pub(super) fn draw_tasks(deal: &DealSheet) -> Markup {
    html! {
        @if deal.tasks.is_empty() {
            p.quiet { "No task yet. Once the deal is won, the seller gets one: what is missing, and what is known." }
        }
        @for (at, task) in deal.tasks.iter().rev().enumerate() {
            details.task id=(format!("task-{at}")) open[at == 0] data-done=[task.is_done.then_some("")] {
                summary {
                    span.check aria-hidden="true" {} " " strong { (task.subject) }
                    span.facts {
                        @if task.is_done { strong { "Completed" } } @else { "Open task" }
                        " · due " (task.due)
                        @if let Some(assignee) = &task.assignee { " · for " (assignee) }
                        @if task.is_urgent { " · high priority" }
                        " · changed " (task.changed.strftime("%H:%M:%S UTC"))
                    }
                }
                @match &task.body {
                    TaskBody::Html(body) => div.task-body { (PreEscaped(task_body(body))) },
                    TaskBody::Plain(body) => div.task-body.plain { (body) },
                }
            }
        }
    }
}

/// The place as hidden inputs, so that an action leads back to it.
pub(super) fn hidden(place: &Place) -> Markup {
    html! {
        input type="hidden" name="deal" value=(place.deal);
        input type="hidden" name="channel" value=(place.channel);
        input type="hidden" name="as" value=(place.person);
    }
}

fn field_row(field: &FormField) -> Markup {
    let FormField { label, value, shape, .. } = field;
    let name = format!("field.{}", field.name);
    html! {
        @match shape {
            Shape::Choices(options) => fieldset.row {
                legend { (label) }
                div.choices {
                    @for (stored, shown) in options {
                        label {
                            input type="checkbox" name=(name) value=(stored)
                                checked[value.split(';').any(|part| part == stored)];
                            " " (shown)
                        }
                    }
                }
            },
            shape => div.row {
                label for=(name) { (label) }
                @match shape {
                    Shape::Text => textarea id=(name) name=(name) rows=(rows(value)) { "\n" (value) },
                    Shape::Day => input id=(name) name=(name) type="date" value=(value);,
                    _ => input id=(name) name=(name) value=(value);,
                }
            },
        }
    }
}

/// As many lines as the text takes, within reason.
fn rows(text: &str) -> usize {
    text.lines().map(|line| 1 + line.chars().count() / 60).sum::<usize>().clamp(1, 6)
}

fn person_row(person: &Participant, roles: &[String]) -> Markup {
    let name = format!("role.{}", person.id);
    let held = person.roles.join(";");
    html! {
        div.row.person {
            label for=(name) { (person.name) @if !person.title.is_empty() { small { (person.title) } } }
            select id=(name) name=(name) {
                option value="" selected[held.is_empty()] { "no role" }
                @if person.roles.len() > 1 { option value=(held) selected { (person.roles.join(", ")) } }
                @for role in roles { option value=(role) selected[held == *role] { (role) } }
                option value="-" { "take off the deal" }
            }
        }
    }
}

fn new_person(roles: &[String]) -> Markup {
    html! {
        div.row { label for="new.first" { "First name" } input id="new.first" name="new.first" autocomplete="off"; }
        div.row { label for="new.last" { "Last name" } input id="new.last" name="new.last" autocomplete="off"; }
        div.row { label for="new.title" { "Job title" } input id="new.title" name="new.title" autocomplete="off"; }
        div.row {
            label for="new.role" { "Role" }
            select id="new.role" name="new.role" {
                option value="" { "no role" }
                @for role in roles { option value=(role) { (role) } }
            }
        }
    }
}
