//! What a mapping file says, with places: the parts of it that more than one place of the file decides about.

use crate::packet::{Role, SectionName};
use crate::record::CrmKind;
use crate::source::{Field, Node, Problems, Section, Span, Value};

use crate::mapping::Condition;
use crate::mapping::file::{condition, field};
use crate::record::FieldPath;

/// The readable parts of a mapping file.
#[derive(Debug, Default)]
pub(crate) struct Draft<'d> {
    pub(crate) crm: Option<CrmKind>,
    pub(crate) time_zone: Option<(&'d str, Span)>,
    pub(crate) pipelines: Vec<(&'d str, Span)>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) derivations: Vec<Derived<'d>>,
    pub(crate) roles: Roles,
    pub(crate) labels: Vec<Labelled<'d>>,
    pub(crate) buying_roles: Vec<Labelled<'d>>,
    /// The key, also when nothing usable is behind it.
    pub(crate) buying_roles_key: Option<Span>,
    pub(crate) important: Vec<Placed>,
    /// Fields that give a day or a person.
    pub(crate) pointers: Vec<Pointer>,
    /// The address of who takes what nobody owns.
    pub(crate) fallback: Option<(&'d str, Span)>,
    pub(crate) channel: Option<(&'d str, Span)>,
    pub(crate) routes: Vec<Routed<'d>>,
    /// Where `sections` or, without it, the file begins.
    pub(crate) start: Span,
    pub(crate) placeholders: Vec<(&'d str, Span)>,
    pub(crate) colleagues: Vec<(&'d str, Span)>,
}

/// A field that adds to a section.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) section: SectionName,
    pub(crate) path: FieldPath,
    pub(crate) span: Span,
}

/// A field that is read for more than its text.
#[derive(Debug)]
pub(crate) struct Pointer {
    pub(crate) purpose: Purpose,
    pub(crate) path: FieldPath,
    pub(crate) span: Span,
}

/// What a pointer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The day of first value.
    Due,
    /// Who does it.
    Who,
    /// Who takes the handoff.
    Owner,
}

impl Pointer {
    fn read(purpose: Purpose, field: Field<'_>, silent: &mut Problems) -> Option<Self> {
        let path = field::of(field, silent)?;
        field.value_span().map(|span| Self { purpose, path, span })
    }
}

/// An entry of a section that the data shows.
#[derive(Debug)]
pub(crate) struct Derived<'d> {
    pub(crate) section: SectionName,
    pub(crate) when: Placed,
    pub(crate) say: &'d str,
}

/// What is said about roles as a whole.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Roles {
    /// Nothing.
    #[default]
    Absent,
    /// Something that could not be read, perhaps because the key is misspelt.
    Unreadable,
    /// A block; here is its key.
    Block(Span),
}

/// A word that leads to a role.
#[derive(Debug)]
pub(crate) struct Labelled<'d> {
    pub(crate) word: &'d str,
    /// `None` when no such role exists.
    pub(crate) role: Option<Role>,
    pub(crate) span: Span,
}

/// A condition and where it stands.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) condition: Condition,
    pub(crate) span: Span,
    /// Where the field is named.
    pub(crate) field: Span,
    /// The values of `in` or `not_in`, where they stand.
    pub(crate) values: Vec<(String, Span)>,
}

/// An exception to the channel.
#[derive(Debug)]
pub(crate) struct Routed<'d> {
    pub(crate) when: Placed,
    pub(crate) channel: &'d str,
    /// Where the channel stands.
    pub(crate) span: Span,
}

impl<'d> Draft<'d> {
    /// Reads what can be read. `None` when the file is not a block of keys.
    pub(crate) fn read(root: &'d Node) -> Option<Self> {
        // Whatever is wrong in the parts has been said when the file was read.
        let silent = &mut Problems::default();
        let mut top = Section::of(root, "", silent)?;
        let mut draft = Self { start: top.span(), ..Self::default() };
        draft.crm = top.take("crm").text(silent).and_then(|(crm, _)| crm.parse().ok());
        if let Some(mut applies_to) = top.take("applies_to").section(silent) {
            draft.pipelines = applies_to.take("pipelines").texts(silent);
        }
        draft.sections(top.take("sections"), silent);
        draft.people(top.take("roles"), silent);
        if let Some(mut important) = top.take("important_when").section(silent) {
            let any = important.take("any").list(silent);
            draft.important = any.into_iter().filter_map(|node| Placed::read(node, silent)).collect();
        }
        if let Some(mut owner) = top.take("owner").section(silent) {
            draft.pointers.extend(Pointer::read(Purpose::Owner, owner.take("from"), silent));
            draft.fallback = owner.take("fallback").text(silent);
        }
        draft.slack(top.take("slack"), silent);
        draft.placeholders = top.take("placeholders").texts(silent);
        draft.colleagues = top.take("colleagues").texts(silent);
        draft.time_zone = top.take("time_zone").text(silent);
        let _ = top.take("task");
        if draft.roles == Roles::Absent && !top.rest().is_empty() {
            draft.roles = Roles::Unreadable;
        }
        Some(draft)
    }

    fn sections(&mut self, sections: Field<'d>, silent: &mut Problems) {
        let Some(mut sections) = sections.section(silent) else { return };
        for entry in sections.rest() {
            let Some(name) = SectionName::ALL.into_iter().find(|name| name.as_str() == entry.key) else {
                continue;
            };
            let from: Vec<&Node> = match &entry.value.value {
                Value::Scalar(_) => vec![&entry.value],
                Value::List(nodes) => nodes.iter().collect(),
                Value::Map(_) => self.block(name, &entry.value, silent),
                Value::Nothing => Vec::new(),
            };
            for node in from {
                if let Some(path) = field::element(node, silent) {
                    self.feeds.push(Feed { section: name, path, span: node.span });
                }
            }
        }
    }

    /// Takes the derived entries and the date of a section and returns what stands behind its `from`.
    fn block(&mut self, section: SectionName, node: &'d Node, silent: &mut Problems) -> Vec<&'d Node> {
        let Some(mut block) = Section::of(node, "", silent) else { return Vec::new() };
        for node in block.take("derive").list(silent) {
            let Some(mut derived) = Section::of(node, "", silent) else { continue };
            let when = derived.take("when").node(silent).and_then(|when| Placed::read(when, silent));
            let say = derived.take("say").text(silent);
            if let (Some(when), Some((say, _))) = (when, say) {
                self.derivations.push(Derived { section, when, say });
            }
        }
        for (purpose, key) in [(Purpose::Due, "due"), (Purpose::Who, "who")] {
            self.pointers.extend(Pointer::read(purpose, block.take(key), silent));
        }
        block.take("from").list(silent)
    }

    fn people(&mut self, roles: Field<'d>, silent: &mut Problems) {
        let Some(key) = roles.key_span() else { return };
        self.roles = Roles::Unreadable;
        let Some(mut roles) = roles.section(silent) else { return };
        let (labels, buying_roles) = (roles.take("labels"), roles.take("buying_roles"));
        self.buying_roles_key = buying_roles.key_span();
        self.labels = labelled(labels, silent);
        self.buying_roles = labelled(buying_roles, silent);
        if self.labels.iter().chain(&self.buying_roles).all(|labelled| labelled.role.is_some())
            && roles.rest().is_empty()
        {
            self.roles = Roles::Block(key);
        }
    }

    fn slack(&mut self, slack: Field<'d>, silent: &mut Problems) {
        let Some(mut slack) = slack.section(silent) else { return };
        self.channel = slack.take("channel").text(silent);
        for node in slack.take("routes").list(silent) {
            let Some(mut route) = Section::of(node, "", silent) else { continue };
            let when = route.take("when").node(silent).and_then(|when| Placed::read(when, silent));
            if let (Some(when), Some((channel, span))) = (when, route.take("channel").text(silent)) {
                self.routes.push(Routed { when, channel, span });
            }
        }
    }

    /// Every field that is named, with its place.
    pub(crate) fn mentions(&self) -> impl Iterator<Item = (&FieldPath, Span)> {
        let feeds = self.feeds.iter().map(|feed| (&feed.path, feed.span));
        let pointers = self.pointers.iter().map(|pointer| (&pointer.path, pointer.span));
        let tested = self.conditions().map(|placed| (&placed.condition.field, placed.field));
        feeds.chain(pointers).chain(tested)
    }

    /// Every condition of the file.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Placed> {
        let derived = self.derivations.iter().map(|derived| &derived.when);
        derived.chain(&self.important).chain(self.routes.iter().map(|route| &route.when))
    }
}

impl Placed {
    fn read(node: &Node, silent: &mut Problems) -> Option<Self> {
        let condition = condition::read(node, silent)?;
        let mut block = Section::of(node, "", silent)?;
        let values = ["in", "not_in"].map(|key| block.take(key).texts(silent)).concat();
        let values = values.into_iter().map(|(value, span)| (value.to_owned(), span)).collect();
        // Pointed at by what it tests, where a reader looks first.
        let operators = condition::OPERATORS.into_iter().find_map(|key| block.take(key).key_span());
        let span = operators.unwrap_or(node.span);
        let field = block.take("field").value_span().unwrap_or(span);
        Some(Self { condition, span, field, values })
    }
}

fn labelled<'d>(table: Field<'d>, silent: &mut Problems) -> Vec<Labelled<'d>> {
    let Some(mut table) = table.section(silent) else { return Vec::new() };
    let labelled = |entry: &'d crate::source::Entry| {
        let text = entry.value.text().map(str::trim);
        let role = Role::ALL.into_iter().find(|role| Some(role.as_str()) == text);
        Labelled { word: entry.key.trim(), role, span: entry.span }
    };
    table.rest().into_iter().map(labelled).collect()
}
