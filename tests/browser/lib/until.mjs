// Waiting for what will become true, with a deadline and an account of what was seen last.

const kPauseMs = 100;

/** Resolves to the first truthy result of `probe`. Past the deadline, fails with what was waited for and seen last. */
export async function until(what, probe, { seconds = 30 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      const result = await probe();
      if (result) return result;
      last = result;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}; last: ${last?.stack ?? String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, kPauseMs));
  }
}

/** As `until`, for an assertion: resolves when `check` no longer throws, fails with its error. */
export async function untilHolds(check, { seconds = 30 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, kPauseMs));
  }
}
