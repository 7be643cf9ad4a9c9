import { AppError, causeName, type SessionDetail } from '@process-meter/contract';
import type { Pool } from 'pg';
import { readSnapshot } from '../../db/index.ts';
import { documentList, sessionLine, timesOf } from './model.ts';
import { documentsOf, neighbours, segmentsOf, sessionHead, settingsAt } from './store.ts';

/**
 * Session Detail: the time line of a session, its documents and the cause of each change.
 * @param ref `<agent>.<hex id>` @throws AppError PM-4004 when the account has no such session
 */
export function sessionDetail(
  pool: Pool,
  input: { account: number; ref: string; zone: string },
): Promise<SessionDetail> {
  const [agent = '', id = ''] = input.ref.split('.');
  return readSnapshot(pool, async (client) => {
    const head = await sessionHead(client, input.account, { agent, id });
    if (head === undefined) throw new AppError('notFound', 'There is no such session.');
    const stored = await segmentsOf(client, head);
    const documents = documentList(await documentsOf(client, head), stored);
    const line = sessionLine(stored);
    const running = stored.filter((segment) => segment.open);
    return {
      session: input.ref,
      application: head.application,
      user: head.user,
      computer: head.computer,
      desktop: head.desktop,
      started: head.started,
      ended: head.ended,
      endCause: head.endCause === null ? null : (causeName(head.endCause) ?? null),
      state: head.ended === null && running.length > 0 ? (line.at(-1)?.state ?? null) : null,
      documents: documents.length,
      ...timesOf(line),
      zone: input.zone,
      executable: head.executable,
      pid: head.pid,
      revision: head.revision,
      settings: await settingsAt(client, head),
      agent: { id: agent, computer: head.agentComputer },
      segments: line,
      documentList: documents,
      ...(await neighbours(client, input.account, head)),
    };
  });
}
