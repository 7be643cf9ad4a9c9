/** Keys with the instant at which they are due; the earliest first. A binary heap. */
export class Delays {
  readonly #heap: { key: string; at: number }[] = [];
  readonly #at = new Map<string, number>();

  get size(): number {
    return this.#at.size;
  }

  /** Instant of the earliest, ms; undefined when there is none. */
  get next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  has(key: string): boolean {
    return this.#at.has(key);
  }

  /** Sets when a key is due. An earlier instant it already has stays. */
  set(key: string, at: number): void {
    const known = this.#at.get(key);
    if (known !== undefined && known <= at) return;
    this.#at.set(key, at);
    this.#push({ key, at });
  }

  delete(key: string): void {
    this.#at.delete(key);
  }

  clear(): void {
    this.#at.clear();
    this.#heap.length = 0;
  }

  /** Takes the earliest key that is due by `now`. */
  take(now: number): string | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    this.#at.delete(first.key);
    return first.key;
  }

  /** Entries that were deleted or set anew stay in the heap until they come to its top. */
  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#at.get(first.key) === first.at) return;
      this.#pop();
    }
  }

  #push(entry: { key: string; at: number }): void {
    const heap = this.#heap;
    heap.push(entry);
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) return;
      const child = right !== undefined && right.at < left.at ? 2 * at + 2 : 2 * at + 1;
      if (!this.#swapIfBefore(child, at)) return;
      at = child;
    }
  }

  #swapIfBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined || a.at >= b.at) return false;
    this.#heap[one] = b;
    this.#heap[other] = a;
    return true;
  }
}
