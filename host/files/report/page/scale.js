// SPDX-License-Identifier: Apache-2.0
// From values to pixels, and the ticks of an axis.

function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) || 10);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  }
  return ticks;
}

// Powers of ten; where they are few, also 2 and 5 times those.
function logTicks(low, high, most) {
  const tens = Math.log10(high / low);
  const factors = tens >= 3 ? [1] : tens >= 1.2 ? [1, 3] : [1, 2, 5];
  const ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e) {
    for (const factor of factors) {
      const tick = factor * 10 ** e;
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  }
  const skip = Math.ceil(ticks.length / Math.max(most, 1));
  const kept = ticks.filter((tick, i) => i % skip === 0);
  return kept.length >= 2 ? kept : linearTicks(low, high, most);
}

// value -> pixel, with `invert`; a range without width gets one.
function makeScale({low, high, log = false, from, to}) {
  if (!(high > low)) {
    const half = Math.abs(low) * 0.05 || 0.5;
    high = low + half;
    low = log ? low / 1.05 : low - half;
  }
  const forward = log ? Math.log : (x) => x;
  const back = log ? Math.exp : (x) => x;
  const first = forward(low), width = forward(high) - first;
  const scale = (value) => from + (forward(value) - first) / width * (to - from);
  scale.invert = (pixel) => back(first + (pixel - from) / (to - from) * width);
  scale.ticks = (most) => log ? logTicks(low, high, most) : linearTicks(low, high, most);
  scale.low = low;
  scale.high = high;
  return scale;
}

// Of numbers that are finite.
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

// The scores that a chart shows: from the best to where all but the worst share lie, and a little
// beyond, so that lost trials do not flatten all others.
function scoreExtent(scores, maximize, worst = 0.05) {
  const sorted = Array.from(scores).filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 1];
  const cut = Math.floor((sorted.length - 1) * worst);
  const low = maximize ? sorted[cut] : sorted[0];
  const high = maximize ? sorted[sorted.length - 1] : sorted[sorted.length - 1 - cut];
  const margin = (high - low) * 0.04;
  return [low - margin, high + margin];
}
