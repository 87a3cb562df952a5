#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/assert.h"

namespace spreadable {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* file) const { BIO_free(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using File = std::unique_ptr<BIO, Free>;

void add_extension(X509& certificate, int kind, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  SPREADABLE_ASSERT(extension);
  SPREADABLE_ASSERT(X509_add_ext(&certificate, extension.get(), -1) == 1);
}

void set_name(X509_NAME* name, const std::string& text) {
  SPREADABLE_ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                               reinterpret_cast<const unsigned char*>(text.data()),
                                               static_cast<int>(text.size()), -1, 0) == 1);
}

/// Not signed yet.
Certificate make_certificate(EVP_PKEY& key, const std::string& name, long number,
                             const TestAuthority::Subject& subject) {
  Certificate certificate(X509_new());
  SPREADABLE_ASSERT(certificate);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), number);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), subject.begins_in.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), subject.ends_in.count());
  set_name(X509_get_subject_name(certificate.get()), name);
  SPREADABLE_ASSERT(X509_set_pubkey(certificate.get(), &key) == 1);
  return certificate;
}

File open_to_write(const std::filesystem::path& path) {
  File file(BIO_new_file(path.c_str(), "w"));
  SPREADABLE_ASSERT(file);
  return file;
}

void write_certificate(const std::filesystem::path& path, X509& certificate) {
  SPREADABLE_ASSERT(PEM_write_bio_X509(open_to_write(path).get(), &certificate) == 1);
}

void write_key(const std::filesystem::path& path, EVP_PKEY& key, const std::string& passphrase) {
  const EVP_CIPHER* const cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
  SPREADABLE_ASSERT(
      PEM_write_bio_PKCS8PrivateKey(open_to_write(path).get(), &key, cipher, passphrase.data(),
                                    static_cast<int>(passphrase.size()), nullptr, nullptr) == 1);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  SPREADABLE_ASSERT(key);
  return key;
}

}  // namespace

struct TestAuthority::Pair {
  Key key;
  Certificate certificate;
};

TestAuthority::TestAuthority(std::filesystem::path folder)
    : folder_(std::move(folder)), certificate_(folder_ / "authority.pem"), own_(new Pair) {
  const std::string name = "authority of " + folder_.filename().string();
  own_->key = make_key();
  own_->certificate = make_certificate(*own_->key, name, 1, {});
  X509& own = *own_->certificate;
  set_name(X509_get_issuer_name(&own), name);
  add_extension(own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, NID_key_usage, "critical,keyCertSign");
  SPREADABLE_ASSERT(X509_sign(&own, own_->key.get(), EVP_sha256()) > 0);
  write_certificate(certificate_, own);
}

TestAuthority::~TestAuthority() = default;

Server::Tls TestAuthority::issue(const Subject& subject) {
  const std::string number = std::to_string(++issued_);
  const Server::Tls files{folder_ / ("key-" + number + ".pem"),
                          folder_ / ("certificate-" + number + ".pem")};
  const Key key = make_key();
  const Certificate certificate = make_certificate(*key, "server " + number, 1 + issued_, subject);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(own_->certificate.get()));
  add_extension(*certificate, NID_subject_alt_name, subject.names);
  SPREADABLE_ASSERT(X509_sign(certificate.get(), own_->key.get(), EVP_sha256()) > 0);
  write_certificate(files.certificate, *certificate);
  write_key(files.key, *key, "");
  return files;
}

void lock_key(const std::filesystem::path& file, const std::string& passphrase) {
  Key key;
  {
    const File input(BIO_new_file(file.c_str(), "r"));
    key.reset(PEM_read_bio_PrivateKey(input.get(), nullptr, nullptr, nullptr));
  }
  SPREADABLE_ASSERT(key);
  write_key(file, *key, passphrase);
}

}  // namespace spreadable
