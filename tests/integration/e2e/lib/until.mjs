// Waiting for a condition with a deadline, never for a time.

// Generous, since it costs nothing when the condition comes: a sanitized binary on a busy machine is slow.
export const patience = Number(process.env.LTB_TEST_PATIENCE_MS ?? 60_000);

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/// Calls `attempt` until it returns something truthy and returns that. What it throws counts as "not yet" and is told
/// when the time is over, so an attempt may be written with assertions.
export async function until(what, attempt, milliseconds = patience) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    let last;
    try {
      const result = await attempt();
      if (result) return result;
      last = `it said ${JSON.stringify(result)}`;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}; at last: ${last}`);
    await pause(30);
  }
}

/// `promise`, or an error that names what was waited for.
export async function within(what, promise, milliseconds = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms for ${what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
