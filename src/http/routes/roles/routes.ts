// GET /v1/roles lists the roles that the caller is permitted, with their limits. Nothing is issued.
import { type Static, Type } from 'typebox';
import type { PermittedRole } from '../../../authz/decide.js';
import { OPERATIONS } from '../../../core/types.js';
import type { Preview } from '../../../exchange/preview.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProofRequest } from '../../proof-request.js';

const RolesResponse = Type.Object({
  Roles: Type.Array(
    Type.Object({
      Role: Type.String(),
      Operation: Type.Enum([...OPERATIONS]),
      RoleArn: Type.Optional(Type.String()),
      Grant: Type.String({ description: 'Id of the grant that permits the role.' }),
      DefaultDurationSeconds: Type.Integer(),
      MaxDurationSeconds: Type.Integer(),
      ReasonRequired: Type.Boolean(),
      MfaRequired: Type.Boolean(),
      ProofType: Type.Optional(
        Type.Enum(['oidc', 'saml'], {
          description: 'The only proof type that the role accepts. Absent: any type.',
        }),
      ),
    }),
  ),
});

export function rolesRoutes(app: App, { preview }: { readonly preview: Pick<Preview, 'run'> }): void {
  app.get(
    '/v1/roles',
    {
      schema: {
        operationId: 'listRoles',
        summary: 'List the roles that the caller is permitted',
        description: 'Requires a JWT as Bearer token. The call uses up a single-use token.',
        tags: ['credentials'],
        security: [{ jwt: [] }],
        response: { 200: RolesResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { permitted } = await preview.run(readProofRequest(request, 'roles'));
      reply.header('cache-control', 'no-store');
      return renderRoles(permitted);
    },
  );
}

function renderRoles(permitted: readonly PermittedRole[]): Static<typeof RolesResponse> {
  return {
    Roles: permitted.map(({ role, grant }) => ({
      Role: role.name,
      Operation: role.target.operation,
      ...('roleArn' in role.target && { RoleArn: role.target.roleArn }),
      Grant: grant,
      DefaultDurationSeconds: role.session.durationLimits.defaultSeconds,
      MaxDurationSeconds: role.session.durationLimits.maxSeconds,
      ReasonRequired: role.reasonRequired,
      MfaRequired: role.mfa === 'required',
      ...(role.proofType && { ProofType: role.proofType }),
    })),
  };
}
