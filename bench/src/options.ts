/** What a benchmark is told. */
export interface BenchOptions {
  /** A tenth of the data: shows that it runs, its figures are not to be quoted. */
  quick: boolean;
  say: (line: string) => void;
}
