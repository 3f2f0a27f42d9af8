/**
 * Positions of the events of one revision, in their order: a put's is in its header, a delete's is that of the
 * event before it plus one (rules 1.2). Writer, watch and Range all use this one rule, and so agree.
 */
export class RevisionPositions {
  #previous = -1;

  put(position: number): number {
    this.#previous = position;
    return position;
  }

  delete(): number {
    this.#previous += 1;
    return this.#previous;
  }
}
