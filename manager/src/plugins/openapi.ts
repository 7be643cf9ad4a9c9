import swagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { App } from './app.ts';

/** Collects the routes registered after it into an OpenAPI document made from their zod schemas. */
export async function openApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Process Meter Manager',
        version: '1',
        description:
          'Errors are problem+json with a stable code. Unsafe methods need the header x-csrf-token of GET /me.',
      },
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'pm_session' } } },
      security: [{ session: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.get('/api/v1/openapi.json', { schema: { hide: true }, config: { isPublic: true } }, () =>
    app.swagger(),
  );
}
