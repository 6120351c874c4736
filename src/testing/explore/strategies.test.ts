import { describe, expect, test } from "vitest";
import { coroutine, taskGroup, type Awaitable } from "../../index.ts";
import { Random } from "../random.ts";
import { Patience } from "./patience.ts";
import { execute, type Program } from "./execution.ts";
import type { Strategy } from "./strategy.ts";
import { DepthFirst } from "./strategies/depth-first.ts";
import { PartialOrder } from "./strategies/partial-order.ts";
import { Portfolio } from "./strategies/portfolio.ts";
import { Priorities } from "./strategies/priorities.ts";
import { RandomWalk } from "./strategies/random-walk.ts";
import { Uniform } from "./strategies/uniform.ts";
import { World } from "./world.ts";

/** The orders of so many executions, and how often each came. */
async function ordersOf(strategy: Strategy, main: (order: string[]) => Program, executions: number) {
  const world = new World(1);
  const orders = new Map<string, number>();
  let count = 0;
  for (; count < executions; count++) {
    const decider = strategy.next();
    if (decider === null) break;
    const order: string[] = [];
    const execution = await execute(main(order), decider, {
      maxSteps: 1000,
      world,
      patience: new Patience(0),
    });
    strategy.learn?.(execution);
    orders.set(order.join(""), (orders.get(order.join("")) ?? 0) + 1);
  }
  return { orders, count };
}

/** Tasks that take as many steps as their name has letters. */
const tasks =
  (...names: string[]) =>
  (order: string[]): Program =>
  () =>
    taskGroup(function* (group) {
      for (const name of names) {
        group.createTask(function* () {
          for (let at = 0; at < name.length; at++) {
            if (at > 0) yield;
            order.push(name[at]!);
          }
        });
      }
    });

describe("the systematic strategy", () => {
  test("begins with those in which whoever runs goes on, then those with one preemption, and so on", async () => {
    const strategy = new DepthFirst(new Random(1), Infinity);
    const { orders } = await ordersOf(strategy, tasks("aaa", "bbb"), 100);
    const switches = [...orders.keys()].map((order) => order.replaceAll(/(.)\1*/g, "$1").length - 1);
    // Each way from one letter to another is a preemption, but the one that follows the end of a task.
    const preemptions = switches.map((count) => count - 1);
    expect(preemptions).toEqual(preemptions.toSorted((a, b) => a - b));
    expect(orders.size).toBe(20);
    expect(Math.max(...orders.values())).toBe(1);
  });

  test("stops at so many preemptions", async () => {
    const strategy = new DepthFirst(new Random(1), 1);
    const { orders } = await ordersOf(strategy, tasks("aaa", "bbb"), 100);
    expect([...orders.keys()].sort()).toEqual(["aaabbb", "aabbba", "abbbaa", "baaabb", "bbaaab", "bbbaaa"]);
    expect(strategy.notSearched()).toEqual(["schedules with more than 1 preemption"]);
  });

  test("visits 3 independent tasks of 2 steps in 6! / 2!³ orders", async () => {
    const { orders, count } = await ordersOf(
      new DepthFirst(new Random(3), Infinity),
      tasks("aa", "bb", "cc"),
      1000,
    );
    expect([orders.size, count]).toEqual([90, 90]);
  });
});

const executions = 4000;

describe("by chance", () => {
  test.each<[string, (random: Random) => Strategy]>([
    ["random walk", (random) => new RandomWalk(random)],
    ["partial order", (random) => new PartialOrder(random)],
    ["uniform", (random) => new Uniform(random)],
  ])("%s comes across every order of two tasks", async (_, make) => {
    const { orders } = await ordersOf(make(new Random(1)), tasks("aaa", "bbb"), executions);
    expect(orders.size).toBe(20);
  });

  test("uniform: all orders are alike, where a random walk hardly ever has a short task come last", async () => {
    const main = tasks("aaaaaa", "b"); // seven orders
    const uniform = await ordersOf(new Uniform(new Random(1)), main, executions);
    expect(uniform.orders.size).toBe(7);
    const last = (orders: Map<string, number>): number => orders.get("aaaaaab")! / executions;
    for (const times of uniform.orders.values()) expect(times / executions).toBeCloseTo(1 / 7, 1);
    const walk = await ordersOf(new RandomWalk(new Random(1)), main, executions);
    expect(last(walk.orders)).toBeLessThan(0.03);
    expect(last(uniform.orders)).toBeGreaterThan(0.12);
  });

  test("priorities: without a change, one task after another; with one change, one interruption", async () => {
    const strategy = new Priorities(new Random(1));
    const { orders } = await ordersOf(strategy, tasks("aaaa", "bbbb", "cccc"), executions);
    expect(orders.get("aaaabbbbcccc")).toBeGreaterThan(executions / 60);
    expect(orders.get("ccccbbbbaaaa")).toBeGreaterThan(executions / 60);
    expect(orders.get("aabbbbccccaa")).toBeGreaterThan(0);
  });

  test("partial order: orders that differ in nothing but independent steps are drawn less often", async () => {
    // One step of c among many of others that do not touch it: first or last as often as in between.
    const { orders } = await ordersOf(new PartialOrder(new Random(1)), tasks("aaaaaaaa", "c"), executions);
    expect((orders.get("caaaaaaaa") ?? 0) / executions).toBeGreaterThan(0.4);
    expect((orders.get("aaaaaaaac") ?? 0) / executions).toBeGreaterThan(0.08);
  });
});

test("the portfolio begins in the order of production, and ends with all orders", async () => {
  const { orders, count } = await ordersOf(new Portfolio(new Random(1), Infinity), tasks("aa", "bb"), 1000);
  expect([...orders.keys()][0]).toBe("abab");
  expect(orders.size).toBe(6);
  expect(count).toBeLessThan(20);
});

test("a task that creates others is drawn in proportion to all that they do", async () => {
  const parent =
    (order: string[]): Program =>
    () =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          order.push("b");
        });
        group.createTask(
          coroutine(function* (): Awaitable<void> {
            order.push("a");
            for (let n = 0; n < 3; n++) {
              group.createTask(function* () {
                order.push("a");
              });
            }
          }),
        );
      });
  const { orders } = await ordersOf(new Uniform(new Random(1)), parent, executions);
  expect(orders.get("aaaab")! / executions).toBeGreaterThan(0.12); // 0.2 if it were exact
});
