import {
  enrolResponseSchema,
  nkeyFromSeed,
  renewProofText,
  renewResponseSchema,
  type EnrolRequest,
  type EnrolResponse,
  type RenewResponse,
} from '@process-meter/contract';
import { z } from 'zod';

const TIMEOUT_MS = 10_000;
const failureSchema = z.object({ code: z.string().optional(), message: z.string().optional() });

/** The Manager refused for good; asking again with the same words is of no use. */
export class RefusedError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/** Enrols with a one-time token. @throws RefusedError when the token is not valid */
export async function enrol(managerUrl: string, request: EnrolRequest): Promise<EnrolResponse> {
  return enrolResponseSchema.parse(await post(managerUrl, 'enrol', request));
}

/** New NATS credentials against a proof of the agent's key. @throws RefusedError when the agent was revoked */
export async function renew(
  managerUrl: string,
  identity: { agent: string; seed: string },
  now: number,
): Promise<RenewResponse> {
  const proof = Buffer.from(renewProofText(identity.agent, now));
  const signature = nkeyFromSeed(identity.seed).sign(proof).toString('base64url');
  const answer = await post(managerUrl, 'renew', { agent: identity.agent, at: now, signature });
  return renewResponseSchema.parse(answer);
}

async function post(managerUrl: string, what: string, body: object): Promise<unknown> {
  const response = await fetch(new URL(`/api/v1/agents/${what}`, managerUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const failure = failureSchema.safeParse(answer).data;
  const message = failure?.message ?? `the Manager answered ${response.status}`;
  if (response.status >= 400 && response.status < 500 && response.status !== 429)
    throw new RefusedError(failure?.code ?? String(response.status), message);
  throw new Error(message);
}
