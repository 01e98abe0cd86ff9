//! The digest in Slack.

super::messages! { "digest";
    complete;
    task;
}
