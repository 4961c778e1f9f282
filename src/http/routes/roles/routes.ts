// GET /v1/roles: the roles this caller may have, with their limits. Nothing is issued.
import { type Static, Type } from 'typebox';
import type { PermittedRole } from '../../../authz/decide.js';
import { OPERATIONS } from '../../../core/types.js';
import type { PreviewCaller } from '../../../exchange/preview.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProof } from '../../proof.js';
import { sourceAddress } from '../../source-address.js';

const RolesAnswer = Type.Object({
  Roles: Type.Array(
    Type.Object({
      Role: Type.String(),
      Operation: Type.Enum([...OPERATIONS]),
      RoleArn: Type.Optional(Type.String()),
      Grant: Type.String({ description: 'Id of the grant that permits it.' }),
      DefaultDurationSeconds: Type.Integer(),
      MaxDurationSeconds: Type.Integer(),
      ReasonRequired: Type.Boolean(),
      MfaRequired: Type.Boolean(),
      ProofType: Type.Optional(
        Type.Enum(['oidc', 'saml'], { description: 'The only type of proof that gets it; absent: any.' }),
      ),
    }),
  ),
});

export function rolesRoutes(app: App, { preview }: { readonly preview: PreviewCaller }): void {
  app.get(
    '/v1/roles',
    {
      schema: {
        operationId: 'listRoles',
        summary: 'List the roles the caller may have',
        description: 'Needs a JWT as Bearer token. A token that may be used once is used up by this.',
        tags: ['credentials'],
        security: [{ jwt: [] }],
        response: { 200: RolesAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { permitted } = await preview({
        requestId: request.id,
        surface: 'roles',
        sourceAddress: sourceAddress(request),
        proof: readProof(request),
      });
      reply.header('cache-control', 'no-store');
      return renderRoles(permitted);
    },
  );
}

function renderRoles(permitted: readonly PermittedRole[]): Static<typeof RolesAnswer> {
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
