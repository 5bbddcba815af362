"""Certificates of servers: read, judged, made and renewed. Agent, dashboard and doctor share it."""

from kikimori_core.certificates.content import ENOUGH_DAYS, moment
from kikimori_core.certificates.examination import PairReport, examine_pair, load_pair
from kikimori_core.certificates.fault import CertificateError, CertificateFault, FaultEffect
from kikimori_core.certificates.files import read_certificates
from kikimori_core.certificates.server_certificate import ServerCertificate

__all__ = [
    "ENOUGH_DAYS",
    "CertificateError",
    "CertificateFault",
    "FaultEffect",
    "PairReport",
    "ServerCertificate",
    "examine_pair",
    "load_pair",
    "moment",
    "read_certificates",
]
