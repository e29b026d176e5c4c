"""An authority like Entra, as an ASGI app that the real msal signs in to.

Served: OpenID discovery, instance discovery, device code, authorization code with PKCE, token
endpoint, and a page on which a person (or a test) types the device code. Its routes begin with a
tenant or with `/common`, so they can stand beside the admin API in one app. msal insists on
https, so it has to be served over TLS, with the CA named in `SSL_CERT_FILE`.
"""

import html
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from siptui.domain.text import visible
from siptui.emulator.entra.grants import EntraState, RefreshGrant, RefusedError
from siptui.emulator.entra.refusals import REFUSALS, refusal_body
from siptui.emulator.entra.tokens import TEAMS_ADMINISTRATOR, EntraUser, client_info

Handler = Callable[[Request], Awaitable[Response]]
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: Entra's answer for `http://localhost` registered: any port, no other host, no other path.
_LOOPBACK = re.compile(r"http://localhost(:\d{1,5})?/?")
_RESERVED = {"openid", "profile", "offline_access", "email"}


class Entra:
    """The authority's routes over one `EntraState`."""

    def __init__(self, state: EntraState) -> None:
        self.state = state
        self.issuer = state.issuer

    def routes(self) -> list[Route]:
        """Routes to put into another app; none of them begins like those of the admin API."""
        post, both = ["POST"], ["GET", "POST"]
        return [
            Route("/common/discovery/instance", self._refusable(self.instances)),
            Route("/common/oauth2/deviceauth", self._refusable(self.device_page), methods=both),
            Route(
                "/{tenant}/v2.0/.well-known/openid-configuration", self._refusable(self.discovery)
            ),
            Route("/{tenant}/oauth2/v2.0/devicecode", self._refusable(self.device), methods=post),
            Route("/{tenant}/oauth2/v2.0/authorize", self._refusable(self.authorize)),
            Route("/{tenant}/oauth2/v2.0/token", self._refusable(self.token), methods=post),
        ]

    def app(self) -> Starlette:
        """The authority alone."""
        return Starlette(routes=self.routes())

    def _refusable(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            self.state.requests[request.url.path.rpartition("/")[2]] += 1
            try:
                return await handler(request)
            except RefusedError as refused:
                body = refusal_body(refused.refusal, self.state.clock(), _base(request))
                return JSONResponse(body, refused.refusal.status)

        return handle

    async def instances(self, request: Request) -> Response:
        """Which hosts are one authority; this one is alone."""
        host = request.url.netloc
        return JSONResponse(
            {
                "tenant_discovery_endpoint": (
                    f"{_base(request)}/common/v2.0/.well-known/openid-configuration"
                ),
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
                ],
            }
        )

    async def discovery(self, request: Request) -> Response:
        """OpenID configuration of a tenant, with its GUID where a domain was given."""
        self.state.pass_or_refuse("discovery")
        segment = visible(request.path_params["tenant"])
        wide = segment in ("organizations", "common")
        tenant = segment if wide else self.state.tenant_of(segment)
        base = f"{self.state.endpoints_at or _base(request)}/{tenant}"
        return JSONResponse(
            {
                "issuer": f"{_base(request)}/{'{tenantid}' if wide else tenant}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "subject_types_supported": ["pairwise"],
                "tenant_region_scope": "EU",
            }
        )

    async def device(self, request: Request) -> Response:
        """Start of the device code flow."""
        self.state.tenant_of(request.path_params["tenant"])
        form = await _form(request)
        grant = self.state.start_device(form.get("client_id", ""), form.get("scope", ""))
        page = f"{_base(request)}/common/oauth2/deviceauth"
        return JSONResponse(
            {
                "user_code": grant.user_code,
                "device_code": grant.device_code,
                "verification_uri": page,
                "expires_in": self.state.device_lifetime,
                "interval": grant.interval,
                "message": f"To sign in, open {page} and enter the code {grant.user_code}.",
            }
        )

    async def device_page(self, request: Request) -> Response:
        """Where the operator types the code. POST `code`, `action` (approve, decline), `user`."""
        if request.method == "GET":
            names = "".join(f"<option>{html.escape(user.upn)}" for user in self.state.users)
            return HTMLResponse(
                '<!doctype html><title>Emulated sign-in</title><form method="post">'
                '<p>Code <input name="code" autofocus> as <select name="user">'
                f'{names}</select><p><button name="action" value="approve">Sign in</button> '
                '<button name="action" value="decline">Decline</button></form>'
            )
        form = await _form(request)
        if form.get("action") == "decline":
            self.state.decline(form.get("code", ""))
            return HTMLResponse("<!doctype html><p>Declined. You can close this window.")
        self.state.approve(form.get("code", ""), form.get("user", ""))
        return HTMLResponse("<!doctype html><p>Signed in. You can close this window.")

    async def authorize(self, request: Request) -> Response:
        """The browser's leg: signs `login_hint` (or the first user) in without asking."""
        query = {key: visible(value) for key, value in request.query_params.items()}
        tenant = self.state.tenant_of(request.path_params["tenant"])
        redirect = query.get("redirect_uri", "")
        self.state.known_client(query.get("client_id", ""))
        if not _LOOPBACK.fullmatch(redirect):
            raise RefusedError(REFUSALS[50011])
        answer = {"state": query.get("state", "")}
        try:
            if query.get("response_type") != "code":
                raise RefusedError(REFUSALS[70000])
            if query.get("code_challenge_method") != "S256":
                raise RefusedError(REFUSALS[501481])
            answer["code"] = self.state.start_code(
                query["client_id"],
                redirect,
                query.get("code_challenge", ""),
                query.get("scope", ""),
                query.get("nonce", ""),
                query.get("login_hint", ""),
            )
            answer["session_state"] = str(uuid.uuid5(uuid.NAMESPACE_URL, tenant))
        except RefusedError as refused:
            body = refusal_body(refused.refusal, self.state.clock(), _base(request))
            answer |= {key: body[key] for key in ("error", "error_description", "error_uri")}
        if query.get("response_mode") == "form_post":
            return _form_post(redirect, answer)
        return RedirectResponse(f"{redirect}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        """Redeems a code or a refresh token."""
        self.state.tenant_of(request.path_params["tenant"])
        form = await _form(request)
        client = self.state.known_client(form.get("client_id", ""))
        kind, nonce = form.get("grant_type", ""), ""
        if kind == _DEVICE_GRANT:
            user, scope = self.state.poll_device(form.get("device_code", ""), client)
            grant = RefreshGrant(client, user, "device")
        elif kind == "authorization_code":
            code = self.state.redeem_code(
                form.get("code", ""),
                client,
                form.get("redirect_uri", ""),
                form.get("code_verifier", ""),
            )
            user, scope, nonce = code.user, code.scope, code.nonce
            grant = RefreshGrant(client, user, "browser")
        elif kind == "refresh_token":
            grant = self.state.redeem_refresh(form.get("refresh_token", ""), client)
            user, scope = grant.user, form.get("scope", "")
        else:
            raise RefusedError(REFUSALS[7000218 if kind == "client_credentials" else 70000])
        return JSONResponse(self._tokens(request, grant, user, scope, nonce))

    def _tokens(
        self,
        request: Request,
        grant: RefreshGrant,
        user: EntraUser,
        scope: str,
        nonce: str,
    ) -> dict[str, Any]:
        wanted = [word for word in scope.split() if word not in _RESERVED]
        audience = _audience(wanted)
        if audience not in self.state.resources:
            raise RefusedError(REFUSALS[500011])
        base = _base(request)
        answer = {
            "token_type": "Bearer",
            "scope": " ".join([f"{audience}/user_impersonation", *wanted]),
            "expires_in": self.issuer.lifetime,
            "ext_expires_in": self.issuer.lifetime,
            "access_token": self.issuer.access_token(user, grant.client_id, audience, base),
            "client_info": client_info(user),
        }
        if "openid" in scope.split():
            answer["id_token"] = self.issuer.id_token(user, grant.client_id, nonce, base)
        if "offline_access" in scope.split():
            answer["refresh_token"] = self.state.new_refresh(grant)
        return answer


def _audience(scopes: list[str]) -> str:
    """The resource that `resource/permission` scopes name; all must name the same."""
    resources = {word.rpartition("/")[0] for word in scopes}
    if len(resources) != 1:
        raise RefusedError(REFUSALS[70011])
    return resources.pop()


def _form_post(redirect: str, answer: dict[str, str]) -> Response:
    fields = "".join(
        f'<input type="hidden" name="{html.escape(key)}" value="{html.escape(value)}">'
        for key, value in answer.items()
    )
    return HTMLResponse(
        f'<!doctype html><form method="post" action="{html.escape(redirect)}">{fields}'
        "<button>Continue</button></form><script>document.forms[0].submit()</script>"
    )


async def _form(request: Request) -> dict[str, str]:
    # Read by hand: starlette's own form parser needs another package for nothing more.
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _base(request: Request) -> str:
    url = urlsplit(str(request.url))
    return f"{url.scheme}://{url.netloc}"


#: A tenant to play with: the names of Microsoft's own examples.
CONTOSO = "11111111-2222-4333-8444-555555555555"


def contoso(**changes: Any) -> EntraState:
    """A state with one tenant and two operators, one of them without a role for bulk sign-in."""
    users = [
        EntraUser("operator@contoso.com", CONTOSO, str(uuid.uuid5(uuid.NAMESPACE_DNS, "operator"))),
        EntraUser(
            "teams@contoso.com",
            CONTOSO,
            str(uuid.uuid5(uuid.NAMESPACE_DNS, "teams")),
            wids=(TEAMS_ADMINISTRATOR,),
        ),
    ]
    tenants = {CONTOSO: ("contoso.com", "contoso.onmicrosoft.com")}
    return EntraState(**{"tenants": tenants, "users": users, **changes})
