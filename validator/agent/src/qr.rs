//! A request or report as a QR code, for where nothing but a camera gets out.

mod drawn;

pub(crate) use self::drawn::Ink;

use qrcode::{Color, EcLevel, QrCode, Version};

use crate::failure::{Failure, Kind};

/// Light modules that readers need on each side.
const QUIET: usize = 4;

/// A QR code.
pub(crate) struct Qr {
    dark: Vec<bool>,
    width: usize,
    version: i16,
}

impl Qr {
    /// The smallest code that holds a text. Its error correction is level L: it is read off a screen, where nothing gets
    /// dirty, and every level above makes it larger.
    pub(crate) fn of(text: &str) -> Result<Self, Failure> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|error| {
            let message = format!("it fits into no QR code: {error}");
            Failure::new(
                Kind::Unexpected,
                message,
                "send it as a file or a paste: lictor-agent request --again",
            )
        })?;
        let version = match code.version() {
            Version::Normal(version) | Version::Micro(version) => version,
        };
        let width = code.width();
        Ok(Self {
            dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect(),
            width,
            version,
        })
    }

    /// Modules on a side, the quiet zone included.
    pub(crate) const fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// Whether a module of the whole square is dark.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        let module = inside(x).zip(inside(y)).and_then(|(x, y)| self.dark.get(y * self.width + x));
        module.copied().unwrap_or(false)
    }

    /// What it is, in words.
    pub(crate) fn facts(&self) -> String {
        format!("QR code of version {}, error correction L, {1} x {1} modules", self.version, self.width)
    }

    /// Columns and lines of text that it takes when it is drawn.
    pub(crate) const fn room(&self) -> (usize, usize) {
        (self.side(), self.side().div_ceil(2))
    }
}
