import swagger from '@fastify/swagger';
import { problemSchema } from '@process-meter/contract';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { App } from './app.ts';

/** Every refusal of every route. */
const REFUSED = {
  description: 'Refused, with a stable code',
  content: {
    'application/problem+json': { schema: z.toJSONSchema(problemSchema, { target: 'openapi-3.0' }) },
  },
};

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
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'pm_session' },
          service: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ session: [] }],
    },
    transform: (route) => {
      const made = jsonSchemaTransform(route);
      const { isPublic = false, isService = false } = route.route.config ?? {};
      if (isPublic) return { ...made, schema: { ...made.schema, security: [] } };
      return isService ? { ...made, schema: { ...made.schema, security: [{ service: [] }] } } : made;
    },
    transformObject: (made) =>
      'openapiObject' in made ? withRefusals(made.openapiObject) : made.swaggerObject,
  });
  app.get('/api/v1/openapi.json', { schema: { hide: true }, config: { isPublic: true } }, () =>
    app.swagger(),
  );
}

function withRefusals<Document extends { paths?: object }>(document: Document): Document {
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods as Record<string, { responses?: object }>))
      operation.responses = { ...operation.responses, default: REFUSED };
  }
  return document;
}
