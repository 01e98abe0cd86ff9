//! From words to a query.

use super::token::{Kind, Token, tokens};
use super::{Complaint, Condition, Literal, Operator, Order, Path, Query};

pub(super) fn parse(soql: &str) -> Result<Query, Complaint> {
    let mut parser = Parser { tokens: tokens(soql)?.into_iter().peekable() };
    let query = parser.query(true)?;
    match parser.next() {
        Token { kind: Kind::End, .. } => Ok(query),
        token => Err(unexpected(&token)),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

const KEYWORDS: [&str; 9] = ["SELECT", "FROM", "WHERE", "AND", "OR", "ORDER", "BY", "LIMIT", "IN"];

impl Parser {
    fn query(&mut self, root: bool) -> Result<Query, Complaint> {
        self.keyword("SELECT")?;
        let (mut fields, mut children) = (Vec::new(), Vec::new());
        loop {
            if root && self.takes_mark("(") {
                children.push(self.query(false)?);
                self.mark(")")?;
            } else {
                fields.push(self.path()?);
            }
            if !self.takes_mark(",") {
                break;
            }
        }
        self.keyword("FROM")?;
        let from = self.path()?;
        let mut conditions = Vec::new();
        if self.takes("WHERE") {
            conditions.push(self.condition()?);
            while self.takes("AND") {
                conditions.push(self.condition()?);
            }
        }
        let mut order = Vec::new();
        if self.takes("ORDER") {
            self.keyword("BY")?;
            order.push(self.order()?);
            while self.takes_mark(",") {
                order.push(self.order()?);
            }
        }
        let limit = if self.takes("LIMIT") { Some(self.number()?) } else { None };
        Ok(Query { fields, children, from, conditions, order, limit })
    }

    fn condition(&mut self) -> Result<Condition, Complaint> {
        let path = self.path()?;
        if self.takes("NOT") {
            self.keyword("IN")?;
            return Ok(Condition { path, operator: Operator::NotIn, values: self.values()? });
        }
        if self.takes("IN") {
            return Ok(Condition { path, operator: Operator::In, values: self.values()? });
        }
        let token = self.next();
        let operator = match &token.kind {
            Kind::Mark("=") => Operator::Is,
            Kind::Mark("!=" | "<>") => Operator::IsNot,
            Kind::Mark("<") => Operator::Less,
            Kind::Mark("<=") => Operator::AtMost,
            Kind::Mark(">") => Operator::More,
            Kind::Mark(">=") => Operator::AtLeast,
            _ => return Err(unexpected(&token)),
        };
        Ok(Condition { path, operator, values: vec![self.literal()?] })
    }

    fn values(&mut self) -> Result<Vec<Literal>, Complaint> {
        self.mark("(")?;
        let mut values = vec![self.literal()?];
        while self.takes_mark(",") {
            values.push(self.literal()?);
        }
        self.mark(")")?;
        Ok(values)
    }

    fn literal(&mut self) -> Result<Literal, Complaint> {
        let token = self.next();
        match token.kind {
            Kind::Text(text) => Ok(Literal::Quoted(text)),
            Kind::Word(word) => Ok(Literal::Bare(word)),
            _ => Err(unexpected(&token)),
        }
    }

    fn order(&mut self) -> Result<Order, Complaint> {
        let path = self.path()?;
        let descending = self.takes("DESC");
        if !descending {
            self.takes("ASC");
        }
        let mut nulls_last = false;
        if self.takes("NULLS") {
            nulls_last = self.takes("LAST");
            if !nulls_last {
                self.keyword("FIRST")?;
            }
        }
        Ok(Order { path, descending, nulls_last })
    }

    fn path(&mut self) -> Result<Path, Complaint> {
        let token = self.next();
        let is_name = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        };
        match &token.kind {
            Kind::Word(word)
                if word.split('.').all(is_name)
                    && !KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)) =>
            {
                Ok(Path { text: word.clone(), column: token.column })
            }
            _ => Err(unexpected(&token)),
        }
    }

    fn number(&mut self) -> Result<usize, Complaint> {
        let token = self.next();
        match &token.kind {
            Kind::Word(word) => word.parse().map_err(|_| unexpected(&token)),
            _ => Err(unexpected(&token)),
        }
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), Complaint> {
        if self.takes(keyword) { Ok(()) } else { Err(unexpected(&self.next())) }
    }

    fn mark(&mut self, mark: &str) -> Result<(), Complaint> {
        if self.takes_mark(mark) { Ok(()) } else { Err(unexpected(&self.next())) }
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let is =
            |token: &Token| matches!(&token.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.tokens.next_if(is).is_some()
    }

    fn takes_mark(&mut self, mark: &str) -> bool {
        let is = |token: &Token| matches!(token.kind, Kind::Mark(known) if known == mark);
        self.tokens.next_if(is).is_some()
    }

    /// The last token is the end, and it is never stepped over twice: whoever meets it complains.
    fn next(&mut self) -> Token {
        self.tokens.next().unwrap_or(Token { kind: Kind::End, column: 1 })
    }
}

fn unexpected(token: &Token) -> Complaint {
    Complaint::new("MALFORMED_QUERY", token.column, &format!("unexpected token: '{}'", token.kind.shown()))
}
