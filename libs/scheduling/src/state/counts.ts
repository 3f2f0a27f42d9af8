const firstSize = 64;

/** Numbers by small index, in one piece of memory that grows as needed. */
export class Counts {
  values = new Int32Array(firstSize);

  of(index: number): number {
    return this.values[index] ?? 0;
  }

  add(index: number, amount: number): void {
    if (index >= this.values.length) this.#grow(index);
    this.values[index] = (this.values[index] as number) + amount;
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) this.#grow(index);
    this.values[index] = value;
  }

  #grow(index: number): void {
    const larger = new Int32Array(Math.max(index + 1, this.values.length * 2));
    larger.set(this.values);
    this.values = larger;
  }
}
