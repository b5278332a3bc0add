//! The validator's core on bare metal: an allocator of a few lines, a panic handler of its own, and no operating system.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};
use lictor_validator::context::{
    Build, ConfiguredOrigin, Context, Deployment, HostFlags, Learned, Remembered,
};
use lictor_validator::shared::{Name, Timestamp};
use lictor_validator::{AnchorSet, Mode, check};

const SIZE: usize = 1 << 20;

/// Hands out memory from one block and takes none back.
struct Block {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: `used` only grows, and each caller gets bytes that no other has.
unsafe impl Sync for Block {}

// SAFETY: the range given out is aligned, inside of `memory`, and never given out twice.
unsafe impl GlobalAlloc for Block {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.memory.get().cast::<u8>().addr();
        let mut start = 0;
        let claimed = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            start = (base + used).next_multiple_of(layout.align()) - base;
            start.checked_add(layout.size()).filter(|end| *end <= SIZE)
        });
        match claimed {
            // SAFETY: `start + size` is at most SIZE.
            Ok(_) => unsafe { self.memory.get().cast::<u8>().add(start) },
            Err(_) => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Block = Block { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// The prebuilt `core` and `alloc` name it in their unwinding tables; with `panic = "abort"` nothing unwinds.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// 0 in full, 1 in grace, 2 in read-only, 3 unlicensed, -1 if the anchors or names are refused.
///
/// # Safety
/// The pointers must be valid for the lengths beside them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn license_mode(
    license: *const u8,
    license_length: usize,
    anchors: *const u8,
    anchors_length: usize,
    now: u64,
) -> i32 {
    // SAFETY: the caller promises it.
    let (license, anchors) = unsafe {
        (
            core::slice::from_raw_parts(license, license_length),
            core::slice::from_raw_parts(anchors, anchors_length),
        )
    };
    mode(license, anchors, now).unwrap_or(-1)
}

fn mode(license: &[u8], anchors: &[u8], now: u64) -> Option<i32> {
    let anchors = AnchorSet::read(anchors).ok()?;
    let context = Context {
        now: Timestamp::from_seconds(now)?,
        product: Name::new("dialer").ok()?,
        environment: Name::new("production").ok()?,
        origin: ConfiguredOrigin { origin: None, unmatched_since: None },
        build: Build::Unknown,
        deployment: Deployment::None,
        activation: None,
        lists: &[],
        remembered: Remembered {
            watermark: None,
            highest_revision: None,
            learned: Learned { license: None, activation: None },
        },
        flags: HostFlags::none(),
    };
    Some(match check(license, &anchors, &context).mode() {
        Mode::Full => 0,
        Mode::Grace => 1,
        Mode::ReadOnly => 2,
        _ => 3,
    })
}
