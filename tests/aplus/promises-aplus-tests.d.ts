declare module "promises-aplus-tests" {
  export default function run(
    adapter: { deferred(): unknown },
    mochaOptions: { reporter: unknown; timeout: number },
    done: (error: Error | null) => void,
  ): void;
}
