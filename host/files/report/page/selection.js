// SPDX-License-Identifier: Apache-2.0
// Which trials the reader looks at: what is brushed in the parallel coordinates and typed into the
// filter counts in slices and table too.

class Selection {
  // With the ranges of another one, of the same run at another time.
  constructor(run, before = null) {
    this.run = run;
    this.ranges = new Map(before ? before.ranges : []);  // by axis: [low, high] of its values
    this.conditions = [];     // of the filter: functions of a trial's index
    this.listeners = [];
    this.update();
  }

  // null: no range on this axis.
  setRange(axis, range) {
    if (range) this.ranges.set(axis, range); else this.ranges.delete(axis);
    this.update();
  }

  setConditions(conditions) {
    this.conditions = conditions;
    this.update();
  }

  clear() {
    this.ranges.clear();
    this.conditions = [];
    this.update();
  }

  get active() {
    return this.ranges.size > 0 || this.conditions.length > 0;
  }

  // The value of an axis: a parameter's, or behind the last one the score.
  value(axis, trial) {
    const {values, scores} = this.run.trials;
    return axis < values.length ? values[axis][trial] : scores[trial];
  }

  update() {
    const count = this.run.trials.count;
    this.kept = new Uint8Array(count);
    this.size = 0;
    for (let trial = 0; trial < count; ++trial) {
      let keep = this.conditions.every((holds) => holds(trial));
      for (const [axis, [low, high]] of this.ranges) {
        const value = this.value(axis, trial);
        keep = keep && value >= low && value <= high;
      }
      this.kept[trial] = keep ? 1 : 0;
      this.size += keep ? 1 : 0;
    }
    for (const listener of this.listeners) listener();
  }

  listen(listener) {
    this.listeners.push(listener);
  }
}
