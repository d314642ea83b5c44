"""The formats of credentials for services that people train models with, and their sources."""

from dataclasses import dataclass
from typing import Final

_ALNUM: Final = "A-Za-z0-9"
_URL_SAFE: Final = "A-Za-z0-9_-"
_HEX: Final = "0-9a-f"


@dataclass(frozen=True, slots=True)
class Shape:
    """The format of a service's secrets, and the document that describes it.

    One of the literal `prefixes` (separated by spaces) is followed by at least `least` characters
    from the `alphabet` (the inside of a character class); `infix` is a pattern for anything between
    the two. There is no upper limit, since services lengthen their keys and no part of a key may be
    left.
    """

    service: str
    source: str
    prefixes: str
    alphabet: str = _ALNUM
    least: int = 16
    infix: str = ""


_GITLEAKS: Final = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
_TRUFFLEHOG: Final = "https://github.com/trufflesecurity/trufflehog/tree/main/pkg/detectors"

SHAPES: Final = (
    # Models and data
    Shape("Hugging Face", "https://huggingface.co/docs/hub/security-tokens", "hf_"),
    Shape("Hugging Face, organisations", _GITLEAKS, "api_org_"),
    Shape(
        "OpenAI and compatible",
        "https://platform.openai.com/docs/api-reference/authentication",
        "sk-",
        infix=r"(?:[A-Za-z0-9]{1,8}[-_]){0,3}",
    ),
    Shape(
        "OpenAI",
        "https://platform.openai.com/docs/api-reference/project-api-keys",
        "sk-proj- sk-svcacct- sk-admin- sk-None-",
        _URL_SAFE,
    ),
    Shape(
        "Anthropic",
        "https://docs.anthropic.com/en/api/admin-api/apikeys/get-api-key",
        "sk-ant-",
        _URL_SAFE,
        infix=r"[a-z]{1,8}[0-9]{2}-",
    ),
    Shape("OpenRouter", "https://openrouter.ai/docs/api-keys", "sk-or-v1-", _URL_SAFE),
    Shape("Langfuse", "https://langfuse.com/docs/api", "sk-lf-", _URL_SAFE),
    Shape("Replicate", "https://replicate.com/docs/topics/security/api-tokens", "r8_"),
    Shape("Groq", "https://console.groq.com/docs/quickstart", "gsk_"),
    Shape(
        "NVIDIA",
        "https://docs.nvidia.com/nemo/retriever/latest/extraction/api-keys/",
        "nvapi-",
        _URL_SAFE,
    ),
    Shape(
        "Pinecone", "https://docs.pinecone.io/guides/projects/manage-api-keys", "pcsk_", _URL_SAFE
    ),
    Shape(
        "LangSmith",
        "https://docs.langchain.com/langsmith/llm-gateway-authentication",
        "lsv2_pt_ lsv2_sk_ ls__",
        "A-Za-z0-9_",
    ),
    Shape("xAI", "https://docs.x.ai/docs/overview", "xai-", least=20),
    Shape(
        "Perplexity",
        "https://docs.perplexity.ai/docs/getting-started/quickstart",
        "pplx-",
        least=20,
    ),
    Shape("Weights & Biases", f"{_TRUFFLEHOG}/weightsandbiases", "wandb_v1_", "A-Za-z0-9_", 20),
    Shape("Together AI", f"{_TRUFFLEHOG}/togetherai", "tgp_v1_", _URL_SAFE, 20),
    Shape("Fireworks AI", f"{_TRUFFLEHOG}/fireworks", "fw_", least=20),
    Shape("Cerebras", f"{_TRUFFLEHOG}/cerebras", "csk-", least=30),
    Shape("RunPod", "https://docs.runpod.io/get-started/api-keys", "rpa_", least=30),
    Shape("Kaggle", "https://www.kaggle.com/docs/api", "KGAT_", least=20),
    Shape("Tavily", "https://docs.tavily.com/documentation/quickstart", "tvly-", _URL_SAFE, 20),
    Shape(
        "Databricks", "https://docs.databricks.com/aws/en/dev-tools/auth/pat", "dapi dose", _HEX, 32
    ),
    # Clouds
    Shape(
        "AWS",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
        "AKIA ASIA ABIA ACCA",
        "A-Z0-9",
        12,
    ),
    Shape("Google", "https://cloud.google.com/docs/authentication/api-keys", "AIza", _URL_SAFE, 30),
    Shape(
        "Google OAuth",
        "https://developers.google.com/identity/protocols/oauth2",
        "GOCSPX- ya29.",
        _URL_SAFE,
        20,
    ),
    Shape(
        "DigitalOcean",
        "https://docs.digitalocean.com/reference/api/create-personal-access-token/",
        "dop_v1_ doo_v1_ dor_v1_",
        _HEX,
        32,
    ),
    Shape(
        "Vault",
        "https://developer.hashicorp.com/vault/docs/concepts/tokens",
        "hvs. hvb. hvr.",
        _URL_SAFE,
        20,
    ),
    # Code and packages
    Shape(
        "GitHub",
        "https://github.blog/engineering/behind-githubs-new-authentication-token-formats/",
        "ghp_ gho_ ghu_ ghs_ ghr_",
    ),
    Shape("GitHub, fine-grained", _GITLEAKS, "github_pat_", "A-Za-z0-9_", 20),
    Shape(
        "GitLab",
        "https://docs.gitlab.com/security/tokens/#token-prefixes",
        "glpat- gloas- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glwt- glsoat- "
        "glffct-",
        _URL_SAFE,
        infix=r"(?:t[0-9]_)?",
    ),
    Shape("npm", "https://docs.npmjs.com/about-access-tokens", "npm_", least=30),
    Shape("PyPI", "https://pypi.org/help/#apitoken", "pypi-", _URL_SAFE, 50),
    Shape(
        "Docker",
        "https://docs.docker.com/reference/api/hub/latest/",
        "dckr_pat_ dckr_oat_",
        _URL_SAFE,
    ),
    # Messages and payments
    Shape(
        "Slack",
        "https://docs.slack.dev/authentication/tokens",
        "xoxa- xoxb- xoxc- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-",
        "A-Za-z0-9-",
        10,
    ),
    Shape(
        "Slack webhook",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
        "hooks.slack.com/services/ hooks.slack.com/workflows/",
        "A-Za-z0-9_/-",
    ),
    Shape(
        "SendGrid",
        "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys",
        "SG.",
        _URL_SAFE,
    ),
    Shape(
        "Stripe",
        "https://docs.stripe.com/keys",
        "sk_live_ sk_test_ rk_live_ rk_test_ whsec_",
        least=10,
    ),
)
