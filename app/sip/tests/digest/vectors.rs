//! Digests against numbers that another implementation has computed (Python's hashlib), for every algorithm and qop:
//! no RFC has examples of most of them. Those that RFCs have are in the crate's own tests.

use super::challenge;
use sip::digest::{Algorithm, AuthenticationInfo, ha1, sign, username_hash};
use sip::message::Method;

const USER: &str = "Jäsøn Doe";
const REALM: &str = "biloxi.com";

/// Algorithm, qop, `response` of the INVITE, `rspauth` of an answer with the same body.
const DIGESTS: [(&str, &str, &str, &str); 18] = [
    ("MD5", "", "c355fba6fa4956ced721c65ba5ff4120", "62c66ecd49d57ba28c35c150e85a3e91"),
    ("MD5", "auth", "f1e83aa01a63157ba47f6b3c2e8c7f51", "4b74e80b88ccea2002536eb1c349e4c9"),
    ("MD5", "auth-int", "43494d611a6b68f4dd47ccf179f1b2a4", "e12c522ccdc148e87e2701eff8c6e46f"),
    ("MD5-sess", "", "e6b0befce94af627c862c43c13839f2d", "953db45ba2e98b0634ac75f48abe22c8"),
    ("MD5-sess", "auth", "1c8f5ae5c41d47e16d3fc553d5e219a0", "d50ca65ca8d1bd8d554bfad4c3e96ffd"),
    ("MD5-sess", "auth-int", "226e9443f18681149fafe7b7eb9d7d80", "8bff7fba22db7d3943ebf508a2c59229"),
    (
        "SHA-256",
        "",
        "dc7ad3a82350b4c238ec1659fe57ce9d0f354626283b8c43215120637a1df2c6",
        "a4c5ae95a5407cfe7d5d055ec7ac5d84ab7f8c6384e7e9ec32bd768cd7306a2f",
    ),
    (
        "SHA-256",
        "auth",
        "10ca72ef29b3909d9b111027296c50ba1598316c6e0926d21f02a8130f984dc4",
        "b213dc789fb20163c070df71d113c404a56faeb66c8896c39bbdec3390a89494",
    ),
    (
        "SHA-256",
        "auth-int",
        "c7113e3f0f5ab37a58ac15e3433c3bede0509c092d1b73c5688cf2dc57f2f1bd",
        "e4e8f0cfd6528b4c697cbf0d31c53cceba9066e856773316f5392ebf1e98bc07",
    ),
    (
        "SHA-256-sess",
        "",
        "d572814d357fb844fc30569d59989fcf376494fcfbe58db8d2af84bfe753dc4c",
        "a95c54f0146a05307ad30359ef4ed28088d495037968f983b35a914f297b1844",
    ),
    (
        "SHA-256-sess",
        "auth",
        "5bc03c72194d9bd4253ce76a81f9e76927bd5d9f73c2d19de875e52f40b61d49",
        "96be6611bc1ea6d99b3df88da0007492586dde49a098be06e0fa1b667b65aff6",
    ),
    (
        "SHA-256-sess",
        "auth-int",
        "6724aa5c18204b9b3d678499eaa8a95e19b4b82bd0b03dd51a7a4d0821196e54",
        "778cb8bbfddb7be2d24fcaaa61c5a0835be6b61c9fc092a8d66b8d678951549c",
    ),
    (
        "SHA-512-256",
        "",
        "46afbcdab5f63fcdebe47e3e0441b76b1b3573cb239717109e1a519138620b36",
        "c2cfe37a4a666327887fe58966cdd858f8bfafaa2be1f143f536b5921451a847",
    ),
    (
        "SHA-512-256",
        "auth",
        "703f1e519a6a9060f369095bc600f503fad647d2fabda31bf92c025efcf8e6c7",
        "6051d0e81794feee9e6db0ce361e9ff6d9d9ddff35011c85c05d7de56b15f475",
    ),
    (
        "SHA-512-256",
        "auth-int",
        "bc9ad873d522d7ee62034db4567254e5b2c529c8d88525443d5e9a3677441d58",
        "9e1d868c87758828dc815d00244318dd5d9a253cb529d54955e47644095b719d",
    ),
    (
        "SHA-512-256-sess",
        "",
        "c1157e1f3db9d38913cf6e008d8cd7d6e491226b86f1eed7c98720c25708e81a",
        "8f2845eb7c3b0841adf9cfd8350079a256175ac45a50f00da41cafb38b7c7096",
    ),
    (
        "SHA-512-256-sess",
        "auth",
        "b4195620929c939e7e6787ad838559ef4eec327d159357805d920f23328371e2",
        "6ebb78a01c28f895178b60227e1295a3c1e0797ff59153ca430a04334ecd30ab",
    ),
    (
        "SHA-512-256-sess",
        "auth-int",
        "7649740fabfe05244b26cbc0919a348cab1f1ef6a2f7a018d607d95079448a6e",
        "135b85a318c2d4f47f61955e0af8a732de951e97aa17a40f371fe4a27dfb0b65",
    ),
];

/// Algorithm, H(user:realm).
const USERS: [(&str, &str); 3] = [
    ("MD5", "4cae1422fb9c034c34774a05d5e3c9e1"),
    ("SHA-256", "076723bd65851f7464a577f20be9070fb7f08d462da76d3d3fe1e7e313ec1fa5"),
    ("SHA-512-256", "57f70a7f32d31a9ec4fd2fad9cd8596efb98de0d580f43232aac6a4b0f0f2a93"),
];

#[test]
fn digests_are_those_of_others() {
    for (algorithm, qop, response, rspauth) in DIGESTS {
        let mut asked = challenge(&format!(
            "Digest realm=\"{REALM}\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", algorithm={algorithm}"
        ));
        asked.qop.extend(qop.parse());
        let ha1 = ha1(&asked.algorithm(), USER, REALM, "zanzibar €");
        let signed = sign(&asked, &ha1, USER, &Method::Invite, "sip:bob@biloxi.com", b"v=0\r\n", "0a4f113b", 10);
        assert_eq!(signed.response, response, "{algorithm} {qop}");
        let info = AuthenticationInfo::new(&signed, &ha1, b"v=0\r\n");
        assert_eq!(info.rspauth.unwrap(), rspauth, "{algorithm} {qop}");
    }
}

#[test]
fn user_hashes_are_those_of_others() {
    for (algorithm, hash) in USERS {
        let algorithm: Algorithm = algorithm.parse().unwrap();
        assert_eq!(username_hash(&algorithm, USER, REALM), hash, "{algorithm}");
    }
    let unknown: Algorithm = "ROT13".parse().unwrap();
    assert_eq!(username_hash(&unknown, USER, REALM), "");
}
