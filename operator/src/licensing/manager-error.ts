/** What the Manager said instead of doing what was asked; `status` 0: there was no answer, or none that can be read. */
export class ManagerError extends Error {
  readonly status: number;
  /** Of the table of error codes, where the Manager itself answered. */
  readonly code: string | undefined;
  /** How long the Manager asks to be left alone, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(answer: {
    status: number;
    code?: string | undefined;
    message: string;
    retryAfterMs?: number | undefined;
    cause?: unknown;
  }) {
    super(answer.message, { cause: answer.cause });
    this.name = 'ManagerError';
    this.status = answer.status;
    this.code = answer.code;
    this.retryAfterMs = answer.retryAfterMs;
  }

  /** The Manager holds something newer. */
  get older(): boolean {
    return this.code === 'PM-4009';
  }

  /** It will say the same again until somebody changes something. */
  get refused(): boolean {
    return [400, 413, 422].includes(this.status);
  }

  /** Nobody else is answered now, either. */
  get unavailable(): boolean {
    return [0, 401, 403, 404, 429, 502, 503, 504].includes(this.status);
  }

  /** For a status: the same words for as long as it is the same trouble, whatever the network makes of it. */
  get inWords(): string {
    if (this.status === 401 || this.status === 403) return 'it refuses the token of the operator';
    if (this.status === 404) return 'it does not know the addresses for declarations';
    if (this.status === 0 || this.unavailable) return 'it does not answer';
    return this.message;
  }
}
