//! What is handed over as a QR code besides, and whether that can be done.

use std::path::Path;

use crate::failure::{Failure, Kind};
use crate::outfile;
use crate::output::{Form, Output};
use crate::qr::{Ink, Qr};

/// Permissions of what everybody may read.
const PUBLIC: u32 = 0o644;

/// The picture that a command makes.
pub(super) struct Picture {
    /// What it is a picture of.
    pub(super) of: &'static str,
    /// Where it goes if the terminal is too small for it.
    pub(super) name: &'static str,
    /// How another file is named.
    pub(super) again: &'static str,
}

/// That it is to be shown in the terminal.
#[derive(Clone, Copy)]
pub(super) struct Screen;

/// The files that a command is to make.
#[derive(Clone, Copy)]
pub(super) struct Files<'p> {
    /// As it is.
    pub(super) out: Option<&'p Path>,
    /// As a picture.
    pub(super) svg: Option<&'p Path>,
}

impl Files<'_> {
    /// Refuses names under which nothing can be made.
    pub(super) fn can_be_made(&self) -> Result<(), Failure> {
        self.out.into_iter().chain(self.svg).try_for_each(outfile::can_be_made)
    }
}

impl Picture {
    /// Refuses before anything is made what cannot be handed over so.
    pub(super) fn can_be_given(
        &self,
        files: Files<'_>,
        screen: Option<Screen>,
        form: Form,
    ) -> Result<(), Failure> {
        if screen.is_some() && form == Form::Json {
            let message = "a QR code is for people, JSON is for programs";
            return Err(Failure::new(Kind::Usage, message, "leave out --qr or --json, or take --svg FILE"));
        }
        if files.out.is_some() && files.out == files.svg {
            let message = format!("the {} and its picture cannot be one file", self.of);
            return Err(Failure::new(Kind::Usage, message, "name another file for one of the two"));
        }
        Ok(())
    }

    pub(super) fn hand_over(
        &self,
        armored: &str,
        svg: Option<&Path>,
        screen: Option<Screen>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match (svg, screen) {
            (Some(path), _) => paint(&Qr::of(armored)?, path, output),
            (None, Some(Screen)) => self.show(&Qr::of(armored)?, output),
            (None, None) => Ok(()),
        }
    }

    /// In the terminal where it fits. What is no terminal takes any width.
    fn show(&self, qr: &Qr, output: &mut Output) -> Result<(), Failure> {
        let (columns, lines) = qr.room();
        let ink = match output.room() {
            // One line for the prompt that follows.
            Some((wide, high)) if columns > wide || lines + 1 > high => {
                output.say(format_args!(
                    "The {} takes {columns} columns and {} lines; this terminal has {wide} and {high}.",
                    qr.facts(),
                    lines + 1
                ));
                return paint(qr, Path::new(self.name), output).map_err(|failure| failure.hinted(self.again));
            }
            Some(_) => Ink::Named,
            None => Ink::Default,
        };
        output.raw(&qr.in_characters(ink))?;
        output.say(qr.facts());
        Ok(())
    }
}

fn paint(qr: &Qr, path: &Path, output: &mut Output) -> Result<(), Failure> {
    outfile::make(path, qr.as_svg().as_bytes(), PUBLIC)?;
    output.say(format_args!(
        "{} written to {}; open it in a browser and take a photograph",
        qr.facts(),
        path.display()
    ));
    Ok(())
}
