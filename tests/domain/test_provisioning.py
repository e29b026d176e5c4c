"""What may be combined to a provisioning URL, and what is never made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.provisioning import Confidence, provisioning_urls, tenant_id
from siptui.domain.region import Region
from siptui.provisioning.reading import provisioning_table

TENANT = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
TABLE = provisioning_table()


def _urls(vendor: str, device: str, **wanted: str | None) -> list[str]:
    found = provisioning_urls(TABLE, regions=[Region.NOAM], vendors=[vendor], **wanted)  # type: ignore[arg-type]  # one dict for two keywords
    return [url.url for url in found if url.device.startswith(device)]


@pytest.mark.parametrize(
    ("vendor", "device", "plain", "tenant"),
    [
        ("Yealink", "IP phones", "", f"/tenantid/{TENANT}"),
        ("ale", "IP phones", "", f"/tenantid/{TENANT}"),
        ("AUDIOCODES", "IP phones", "", f"/tenantid/{TENANT}"),
        ("Poly", "IP phones", "", f"/tenantid/{TENANT}"),
        ("Cisco", "IP phones", "/$PSN.xml", f"/tenantid/{TENANT}/$PSN.xml"),
        ("AudioCodes", "ATA", None, f"/tenantid/{TENANT}/mac.ini"),
        ("Cisco", "ATA", None, f"/tenantid/{TENANT}/mac.cfg"),
        ("Polycom", "ATA", None, f"/tenantid/{TENANT}/$mac.cfg"),
    ],
)
def test_the_documented_forms(vendor: str, device: str, plain: str | None, tenant: str) -> None:
    base = "http://noam.ipp.sdg.teams.microsoft.com"
    assert _urls(vendor, device) == ([] if plain is None else [base + plain])
    assert _urls(vendor, device, tenant=TENANT) == [base + tenant]


def test_language_stands_before_the_file_of_cisco_and_not_for_adapters() -> None:
    base = "http://noam.ipp.sdg.teams.microsoft.com"
    assert _urls("Cisco", "", language="ja") == [f"{base}/lang_ja/$PSN.xml"]
    assert _urls("AudioCodes", "", language="de") == [f"{base}/lang_de"]


def test_yealink_has_no_japanese() -> None:
    assert _urls("Yealink", "", language="ja") == []
    assert len(_urls("Yealink", "", language="fr")) == 1


def test_language_and_tenant_id_together_are_refused() -> None:
    with pytest.raises(ValueError, match="both a tenant id and a language"):
        provisioning_urls(TABLE, tenant=TENANT, language="de")


@pytest.mark.parametrize("vendor", ["Snom", "Spectralink", "Ascom", "Gigaset", "Algo"])
def test_vendors_without_a_documented_url_get_none(vendor: str) -> None:
    assert provisioning_urls(TABLE, vendors=[vendor]) == []
    assert provisioning_urls(TABLE, vendors=[vendor], tenant=TENANT) == []
    assert provisioning_urls(TABLE, vendors=[vendor], language="de") == []


def test_an_unknown_vendor_is_said_to_be_one() -> None:
    with pytest.raises(ValueError, match=r"Grandstream.*Yealink"):
        provisioning_urls(TABLE, vendors=["Grandstream"])


def test_dhcp_options_and_confidence() -> None:
    urls = provisioning_urls(TABLE, regions=[Region.EMEA], tenant=TENANT)
    known = {(url.vendor, url.device[:3]): (url.dhcp_option, url.confidence) for url in urls}
    assert known == {
        ("Yealink", "IP "): (66, Confidence.DOCUMENTED),
        ("Alcatel-Lucent Enterprise", "IP "): (66, Confidence.DOCUMENTED),
        ("AudioCodes", "IP "): (160, Confidence.DOCUMENTED),
        ("Poly", "IP "): (160, Confidence.INFERRED),
        ("Cisco", "IP "): (160, Confidence.DOCUMENTED),
        ("AudioCodes", "ATA"): (None, Confidence.UNCLEAR),
        ("Cisco", "ATA"): (None, Confidence.UNCLEAR),
        ("Poly", "ATA"): (None, Confidence.DOCUMENTED),
    }


@given(st.uuids())
def test_any_guid_is_a_tenant_id_in_any_case(guid: object) -> None:
    text = str(guid)
    assert tenant_id(f" {{{text.upper()}}} ") == text


@given(st.text().filter(lambda text: "-" not in text))
def test_no_name_is_a_tenant_id(text: str) -> None:
    with pytest.raises(ValueError, match="GUID"):
        tenant_id(text)


@given(
    st.lists(st.sampled_from(list(Region)), unique=True),
    st.lists(st.sampled_from(TABLE.vendors), unique=True),
    st.sampled_from([None, TENANT]),
)
def test_every_url_begins_with_its_region_and_has_nothing_left_to_fill_in(
    regions: list[Region], vendors: list[str], tenant: str | None
) -> None:
    for url in provisioning_urls(TABLE, regions=regions, vendors=vendors, tenant=tenant):
        assert url.url.startswith(f"http://{url.region.lower()}.ipp.sdg.teams.microsoft.com")
        assert "{" not in url.url
        assert not regions or url.region in regions
        assert not vendors or url.vendor in vendors
        assert (TENANT in url.url) == (tenant is not None)
        assert url.source.startswith("Microsoft Learn, ")
