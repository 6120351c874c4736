/**
 * Every schedule, each once: first those in which whoever runs goes on as long as it can, then those with one
 * preemption, with two, … since most mistakes need few (Musuvathi and Qadeer, "Iterative context bounding for
 * systematic testing of multithreaded programs", 2007). Where a schedule leaves the way of the one before it is known
 * by the answers up to there; the rest of it goes on as it comes.
 */
import type { Random } from "../../random.ts";
import { goOn, type Decider } from "../decider.ts";
import type { Strategy } from "../strategy.ts";

/** The answers up to a question, the last one first; and how many there were to choose from. */
interface Path {
  readonly before: Path | null;
  readonly answer: number;
  readonly answers: number;
}

/** A question that was answered as it came: the other answers are to be tried. */
interface Question {
  readonly before: Path | null;
  readonly answers: number;
  readonly answered: number;
  /** Whether another answer is a preemption. */
  readonly preempts: boolean;
}

/** How many schedules may be kept for later: more are left out, and it is said. */
const MOST_KEPT = 500_000;

export class DepthFirst implements Strategy, Decider {
  #todo: (Path | null)[] = [null];
  /** With one preemption more. */
  #later: Path[] = [];
  #path: Path | null = null;
  #given: Path[] = [];
  #at = 0;
  #questions: Question[] = [];
  #preemptions = 0;
  #leftOut = 0;
  /** How many were run. */
  count = 0;
  /** The program did not ask the same questions again after the same answers. */
  unsteady = false;
  readonly #most: number;
  readonly #random: Random;

  constructor(random: Random, mostPreemptions: number) {
    this.#random = random;
    this.#most = mostPreemptions;
  }

  next(): Decider | null {
    if (this.#todo.length === 0) {
      if (this.#later.length === 0 || this.#preemptions === this.#most) return null;
      this.#preemptions++;
      this.#todo = this.#later;
      this.#later = [];
      shuffle(this.#todo, this.#random); // where the budget ends before them, any part is as good as another
    }
    this.#path = this.#todo.pop()!;
    this.#given = answersTo(this.#path);
    this.#at = 0;
    this.#questions = [];
    return this;
  }

  choose(ready: readonly number[], last: number): number {
    return this.#answer(ready.length, goOn(last), last >= 0);
  }

  tie(count: number): number {
    return this.#answer(count, 0, true);
  }

  learn(): void {
    this.count++;
    if (this.#at < this.#given.length) this.unsteady = true; // it ended too soon
    for (const { before, answers, answered, preempts } of this.#questions) {
      const to = preempts ? this.#later : this.#todo;
      for (let answer = answers - 1; answer >= 0; answer--) {
        if (answer === answered) continue;
        if (to.length < MOST_KEPT) to.push({ before, answer, answers });
        else this.#leftOut++;
      }
    }
  }

  get orders(): number | undefined {
    return this.#todo.length === 0 && this.notSearched().length === 0 ? this.count : undefined;
  }

  notSearched(): string[] {
    const left = this.#todo.length + (this.#preemptions < this.#most ? this.#later.length : 0);
    const beyond = this.#preemptions === this.#most ? this.#later.length : 0;
    return [
      ...(left > 0 ? ["schedules that were still to be tried when the budget was used up"] : []),
      ...(beyond > 0
        ? [`schedules with more than ${this.#most} ${this.#most === 1 ? "preemption" : "preemptions"}`]
        : []),
      ...(this.#leftOut > 0 ? ["schedules that there was no room to remember"] : []),
    ];
  }

  #answer(answers: number, asItComes: number, preempts: boolean): number {
    const at = this.#at++;
    if (at < this.#given.length) {
      const given = this.#given[at]!;
      if (given.answers === answers) return given.answer;
      this.unsteady = true;
      return asItComes;
    }
    this.#questions.push({ before: this.#path, answers, answered: asItComes, preempts });
    this.#path = { before: this.#path, answer: asItComes, answers };
    return asItComes;
  }
}

function answersTo(path: Path | null): Path[] {
  const answers: Path[] = [];
  for (let at = path; at !== null; at = at.before) answers.push(at);
  return answers.reverse();
}

function shuffle(list: unknown[], random: Random): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
}
