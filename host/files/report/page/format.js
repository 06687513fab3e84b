// SPDX-License-Identifier: Apache-2.0
// Numbers as a person reads them.

// Four digits that count.
function settingText(value) {
  if (Number.isNaN(value)) return "";
  return String(Number(value.toPrecision(4)));
}

function scoreText(value) {
  if (Number.isNaN(value)) return "none";
  return Math.abs(value) >= 0.1 && Math.abs(value) <= 1 ? value.toFixed(4) : settingText(value);
}

function countText(value) {
  return Math.round(value).toLocaleString("en-US");
}

// "0.35 s", "2 min 5 s"
function durationText(seconds) {
  if (seconds < 60) return Number(seconds.toPrecision(3)) + " s";
  const whole = Math.floor(seconds);
  if (whole < 3600) return Math.floor(whole / 60) + " min " + whole % 60 + " s";
  return Math.floor(whole / 3600) + " h " + Math.floor(whole / 60) % 60 + " min";
}

// A label of an axis: 1,000 as 1k.
function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return Number((value / 1e6).toPrecision(3)) + "M";
  if (size >= 1e4) return Number((value / 1e3).toPrecision(3)) + "k";
  if (size > 0 && size < 1e-3) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  return String(Number(value.toPrecision(6)));
}
