/** Who waits, in the order they came, linked through themselves: waiting in a list allocates nothing. */
export abstract class Link {
  // Written by the list that it is in. Set by a constructor: to define fields costs three times as much.
  declare list: object | null;
  declare before: Link | null;
  declare after: Link | null;

  constructor() {
    this.list = this.before = this.after = null;
  }
}

export class LinkedList<L extends Link> {
  /** Who has been in longest; for those who walk it themselves. Whom `before` of it tells is the last one. */
  first: Link | null = null;

  get isEmpty(): boolean {
    return this.first === null;
  }

  push(link: L): void {
    const { first } = this;
    link.list = this;
    if (first === null) {
      this.first = link.before = link;
    } else {
      const last = first.before!;
      last.after = first.before = link;
      link.before = last;
    }
  }

  /** Takes out the one that has been in longest. */
  shift(): L | null {
    const first = this.first as L | null;
    if (first !== null) this.remove(first);
    return first;
  }

  /** Takes one out, if it is still in. */
  remove(link: L): void {
    if (link.list !== this) return;
    const { before, after } = link;
    const first = this.first!;
    if (link === first) this.first = after;
    else before!.after = after;
    if (after !== null) after.before = before;
    else if (link !== first) first.before = before;
    link.list = link.before = link.after = null;
  }

  *[Symbol.iterator](): Generator<L> {
    for (let link = this.first; link !== null; link = link.after) yield link as L;
  }
}
