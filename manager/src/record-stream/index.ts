import { AppError, errorCode, recordStreamSchema, type RecordRoom } from '@process-meter/contract';
import type { Hub } from '../hub/index.ts';
import type { App } from '../plugins/index.ts';

export function recordStreamRoutes(app: App, { hub }: { hub: Hub }): void {
  app.get(
    '/record-stream',
    {
      schema: {
        operationId: 'getRecordStream',
        summary: 'What waits between agents and the database, and how much room is left for it',
        description: 'Of the whole installation: all accounts share the stream.',
        tags: ['records'],
        response: { 200: recordStreamSchema },
      },
    },
    async () => ({ room: await roomOf(hub) }),
  );
}

/** That the servers do not answer is an answer here: it is what one looks for. */
async function roomOf(hub: Hub): Promise<RecordRoom | null> {
  try {
    return await hub.recordRoom();
  } catch (error) {
    if (error instanceof AppError && error.code === errorCode('unavailable')) return null;
    throw error;
  }
}
