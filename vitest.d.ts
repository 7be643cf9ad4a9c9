import 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a PostgreSQL server that lives as long as the test run; tests make databases of their own on it. */
    postgresUrl: string;
  }
}
