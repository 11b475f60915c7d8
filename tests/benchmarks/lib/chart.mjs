// A line chart as SVG: logarithmic axes, a few series, nothing else.

const kWidth = 640;
const kHeight = 320;
const kPlot = { left: 62, right: 470, top: 34, bottom: 272 };
// Told apart without colour vision too: Okabe and Ito's palette, and a marker of its own for each.
const kColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

const escape = (text) => text.replace(/[<>&"]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c]);
const round = (value) => Number(value.toFixed(1));

function shortNumber(value) {
  const units = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
  for (const [size, letter] of units) if (value >= size) return `${Number((value / size).toPrecision(3))}${letter}`;
  return String(Number(value.toPrecision(3)));
}

/** Maps a range of values onto pixels, both ends at a power of ten or a third of one. */
function scale(values, from, to) {
  const positive = values.filter((value) => value > 0);
  let low = Math.floor(Math.log10(Math.min(...positive)) * 2) / 2;
  let high = Math.ceil(Math.log10(Math.max(...positive)) * 2) / 2;
  if (high - low < 0.5) [low, high] = [low - 0.5, high + 0.5];
  const place = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const ticks = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); ++power)
    for (const step of high - low > 2.5 ? [1] : [1, 2, 5]) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick);
    }
  return { place, ticks };
}

function marker(index, x, y, colour) {
  const shapes = [
    `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`,
    `<rect x="${x - 3.2}" y="${y - 3.2}" width="6.4" height="6.4" fill="${colour}"/>`,
    `<path d="M${x} ${y - 4.4}L${x + 4} ${y + 3}H${x - 4}Z" fill="${colour}"/>`,
    `<path d="M${x} ${y - 4.6}L${x + 4.6} ${y}L${x} ${y + 4.6}L${x - 4.6} ${y}Z" fill="${colour}"/>`,
  ];
  return shapes[index % shapes.length];
}

/** `lines`: [{name, points: [[x, y], ...]}]. */
export function lineChart({ title, x, y, lines }) {
  const drawn = lines.filter((line) => line.points.length > 0);
  const xs = scale(drawn.flatMap((line) => line.points.map((point) => point[0])), kPlot.left, kPlot.right);
  const ys = scale(drawn.flatMap((line) => line.points.map((point) => point[1])), kPlot.bottom, kPlot.top);
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${kWidth} ${kHeight}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${kWidth}" height="${kHeight}" fill="#ffffff"/>`,
    `<text x="${kPlot.left}" y="20" font-weight="600" fill="#222222">${escape(title)}</text>`,
  ];
  for (const tick of xs.ticks) {
    const at = round(xs.place(tick));
    out.push(`<line x1="${at}" y1="${kPlot.top}" x2="${at}" y2="${kPlot.bottom}" stroke="#e6e6e6"/>`,
      `<text x="${at}" y="${kPlot.bottom + 16}" text-anchor="middle" fill="#555555">${shortNumber(tick)}</text>`);
  }
  for (const tick of ys.ticks) {
    const at = round(ys.place(tick));
    out.push(`<line x1="${kPlot.left}" y1="${at}" x2="${kPlot.right}" y2="${at}" stroke="#e6e6e6"/>`,
      `<text x="${kPlot.left - 6}" y="${at + 4}" text-anchor="end" fill="#555555">${shortNumber(tick)}</text>`);
  }
  out.push(`<text x="${(kPlot.left + kPlot.right) / 2}" y="${kPlot.bottom + 36}" text-anchor="middle" fill="#222222">${escape(x)}</text>`,
    `<text transform="translate(14 ${(kPlot.top + kPlot.bottom) / 2}) rotate(-90)" text-anchor="middle" fill="#222222">${escape(y)}</text>`);
  drawn.forEach((line, i) => {
    const colour = kColours[i % kColours.length];
    const points = line.points.filter((point) => point[1] > 0).map(([px, py]) => [round(xs.place(px)), round(ys.place(py))]);
    out.push(`<polyline points="${points.map((point) => point.join(',')).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...points.map(([px, py]) => marker(i, px, py, colour)),
      marker(i, kPlot.right + 18, kPlot.top + 10 + 20 * i, colour),
      `<text x="${kPlot.right + 28}" y="${kPlot.top + 14 + 20 * i}" fill="#222222">${escape(line.name)}</text>`);
  });
  out.push('</svg>', '');
  return out.join('\n');
}
