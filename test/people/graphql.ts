import { createRequire } from 'node:module';
import { configToSchema } from '@payloadcms/graphql';
import type { GraphQLSchema } from 'graphql';
import { createPayloadRequest, type SanitizedConfig } from 'payload';

/** The copy that Payload's schema is made with: Vite would take the other of its two forms. */
const { execute, parse, specifiedRules, validate } = createRequire(import.meta.url)(
  'graphql',
) as typeof import('graphql');

/** Payload's GraphQL API without Next: answers a request as its route does. */
export function graphqlOf(
  config: SanitizedConfig,
  payloadInstanceCacheKey: string,
): (request: Request) => Promise<Response> {
  const { schema, validationRules } = configToSchema(config) as {
    schema: GraphQLSchema;
    validationRules: (args: { variableValues: object }) => never[];
  };
  return async (request) => {
    const { query, variables = {} } = (await request.clone().json()) as { query: string; variables?: object };
    const req = await createPayloadRequest({ canSetHeaders: true, config, payloadInstanceCacheKey, request });
    const document = parse(query);
    const refused = validate(schema, document, [
      ...specifiedRules,
      ...validationRules({ variableValues: variables }),
    ]);
    if (refused.length > 0) return Response.json({ errors: refused }, { status: 400 });
    const { data, errors } = await execute({
      schema,
      document,
      variableValues: variables as Record<string, unknown>,
      contextValue: { headers: {}, req },
    });
    return Response.json({
      data,
      // Resolvers run at the same time: whichever fails first comes first.
      ...(errors && {
        errors: errors.map(({ message, path }) => `${path?.join('.')}: ${message}`).sort(),
      }),
    });
  };
}
