// Money as whole nano-dollars (BigInt): floating point would hide the difference these tests look for.

/// JSON text with the numbers of every `cost` and `total_cost` member turned into texts, digit by digit as written.
export function quoteCosts(json) {
  return json.replace(/"((?:total_)?cost)"(\s*:\s*)(-?[0-9][0-9.eE+-]*)/g, '"$1"$2"$3"');
}

/// A decimal number as written, times 10^shift, as a whole number; rounds half away from zero.
export function scaled(text, shift) {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(String(text));
  if (!match) throw new Error(`"${text}" is not a decimal number`);
  const [, sign, whole, fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const drop = fraction.length - Number(exponent) - shift; // decimal digits to cut off
  let value;
  if (drop <= 0) {
    value = BigInt(digits) * 10n ** BigInt(-drop);
  } else {
    const unit = 10n ** BigInt(drop);
    value = (BigInt(digits) + unit / 2n) / unit;
  }
  return sign ? -value : value;
}

export const nanoFromUsd = (text) => scaled(text, 9);
export const nanoFromMicro = (text) => scaled(text, 3);
