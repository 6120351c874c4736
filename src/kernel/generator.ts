/**
 * The language's own generator operations, taken once and called directly. A call through the property
 * would be looked up anew for every coroutine function, and marking puts other methods there.
 */
type AnyGenerator = Generator<unknown, unknown, unknown>;

const GeneratorFunctionPrototype = Object.getPrototypeOf(function* () {}) as object;
const GeneratorPrototype = (GeneratorFunctionPrototype as { prototype: AnyGenerator }).prototype;

// Called with the generator as `this`.
export const NEXT: AnyGenerator["next"] = GeneratorPrototype.next;
export const RETURN: AnyGenerator["return"] = GeneratorPrototype.return;
export const THROW: AnyGenerator["throw"] = GeneratorPrototype.throw;

export function isGenerator(value: unknown): value is AnyGenerator {
  return typeof value === "object" && value !== null && GeneratorPrototype.isPrototypeOf(value);
}

export function isGeneratorFunction(value: unknown): value is () => AnyGenerator {
  return typeof value === "function" && GeneratorFunctionPrototype.isPrototypeOf(value);
}
